// RUN: split4ml opt %s -p lower-flow-to-stitch | filecheck %s
// A FIFO of depth 0 between subgraphs is none: their ports are wired to each other.
// CHECK: stitch.design @m_top of @m
// CHECK: stitch.link @f %{{[0-9]+}} depth 0 style "wire" : !stitch.axis<8 x 8>
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<12>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<12>>) -> (!flow.stream<8x1xint<5>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<12>>) -> !flow.stream<8x1xint<5>>
    flow.yield %b : !flow.stream<8x1xint<5>>
  }
  %1 = flow.fifo @f %0 depth 0 : !flow.stream<8x1xint<5>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<5>>) -> (!flow.stream<1x1xint<8>>) {
    %d = flow.task "Dense" @b(%c) : (!flow.stream<8x1xint<5>>) -> !flow.stream<1x1xint<8>>
    flow.yield %d : !flow.stream<1x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<1x1xint<8>>
}
