// RUN: split4ml opt %s -p lower-flow-to-stitch | filecheck %s
// The flow.model stays; an earlier design of it is replaced, so that depths changed by hand arrive in the top.

// CHECK: flow.model @m
// CHECK:      stitch.design @m_top of @m clock 4000 start "held" {
// CHECK-NEXT:   %0 = stitch.input @x : !stitch.axis<16 x 8>
// CHECK-NEXT:   %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<16 x 8>) -> (f : !stitch.axis<8 x 8>)
// CHECK-NEXT:   %2 = stitch.link @f %1 depth 128 style "shift" : !stitch.axis<8 x 8>
// CHECK-NEXT:   %3 = stitch.instance @sg1 slr 1 (f = %2 : !stitch.axis<8 x 8>) -> (y : !stitch.axis<8 x 1>)
// CHECK-NEXT:   stitch.output @y %3 : !stitch.axis<8 x 1>
// CHECK-NEXT: }
// CHECK-NOT:  stitch.design
flow.model @m archive("m.fml", "sha256:00") attributes {clock_ps = 4000 : i64, start = "held"} {
  %i = flow.input @x : !flow.stream<8x1xint<12>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<12>>) -> (!flow.stream<8x1xint<5>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<12>>) -> !flow.stream<8x1xint<5>>
    flow.yield %b : !flow.stream<8x1xint<5>>
  }
  %1 = flow.fifo @f %0 depth 128 : !flow.stream<8x1xint<5>>
  %2 = flow.subgraph @sg1 slr 1 (%c = %1 : !flow.stream<8x1xint<5>>) -> (!flow.stream<1x1xint<8>>) {
    %d = flow.task "Dense" @b(%c) : (!flow.stream<8x1xint<5>>) -> !flow.stream<1x1xint<8>>
    flow.yield %d : !flow.stream<1x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<1x1xint<8>>
}
