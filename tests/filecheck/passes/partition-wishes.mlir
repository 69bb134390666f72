// RUN: split4ml opt %s -p 'partition{cut-before=["/c"]}' | filecheck %s --check-prefix=CUT
// RUN: split4ml opt %s -p 'partition{subgraphs=3 keep-together=["b+c"]}' | filecheck %s --check-prefix=TOGETHER
// RUN: split4ml opt %s -p 'partition{subgraphs=2 dsp=5}' | filecheck %s --check-prefix=BUDGET
// RUN: not split4ml opt %s -p 'partition{subgraphs=1 dsp=9}' 2>&1 | filecheck %s --check-prefix=OVER
// RUN: not split4ml opt %s -p 'partition{cut-before=["/cc"]}' 2>&1 | filecheck %s --check-prefix=NAME
// What a user may ask of the split: layers by the names they have in the user's model, or by task.

// CUT: method = "cut-before"
// CUT: @b(
// CUT: flow.subgraph @sg1
// CUT: @c(

// TOGETHER: flow.subgraph @sg1
// TOGETHER: @b(
// TOGETHER-NOT: flow.subgraph
// TOGETHER: @c(
// TOGETHER: flow.subgraph @sg2

// BUDGET: @b(
// BUDGET: flow.subgraph @sg1
// BUDGET: @c(

// OVER: error:
// OVER-SAME: dsp

// NAME: error: there is no layer '/cc'
// NAME-NEXT: did you mean
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
