// RUN: split4ml opt %s -p 'partition{subgraphs=2}' | filecheck %s
// The two convolutions must part for the least synthesis time; of the two cuts between them that do so, both inside the
// skip connection, the one that leaves `a` and the fork with the first convolution balances best.

// CHECK:      partition = {method = "z3", optimal = true, makespan_ms = 26000 : i64, lower_bound_ms = 26000 : i64, monolithic_ms = 30000 : i64, crossing_bits = 64 : i64,
// CHECK-NEXT:   flow.input @x
// CHECK-NEXT:   flow.subgraph @sg0
// CHECK-NEXT:     @a(
// CHECK-NEXT:     @fa
// CHECK-NEXT:     @fork
// CHECK-NEXT:     @fc
// CHECK-NEXT:     @b(
// CHECK-NEXT:     flow.yield
// CHECK-NEXT:   }
// CHECK-NEXT:   flow.fifo @skip
// CHECK-NEXT:   flow.fifo @fb
// CHECK-NEXT:   flow.subgraph @sg1
// CHECK-NEXT:     @c(
// CHECK-NEXT:     @fd
// CHECK-NEXT:     @join
// CHECK-NEXT:     flow.yield
// CHECK-NEXT:   }
// CHECK-NEXT:   flow.output @y
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %a = flow.task "Activation" @a(%i) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 1000:1000:1000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @fa %a depth 4 : !flow.stream<4x1xint<8>>
  %c, %d = flow.task "Clone" @fork(%1) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 0:0:0, "test">} : (!flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>)
  %2 = flow.fifo @skip %d depth 4 : !flow.stream<4x1xint<8>>
  %3 = flow.fifo @fc %c depth 4 : !flow.stream<4x1xint<8>>
  %b = flow.task "Conv2D" @b(%3) layers ["/b"] {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 5:5:5, bram18 0:0:0, synth_ms 3000:3000:3000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %4 = flow.fifo @fb %b depth 4 : !flow.stream<4x1xint<8>>
  %e = flow.task "Conv2D" @c(%4) layers ["/c"] {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 5:5:5, bram18 0:0:0, synth_ms 3000:3000:3000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %5 = flow.fifo @fd %e depth 4 : !flow.stream<4x1xint<8>>
  %j = flow.task "Add" @join(%5, %2) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 1000:1000:1000, "test">} : (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %j : !flow.stream<4x1xint<8>>
}
