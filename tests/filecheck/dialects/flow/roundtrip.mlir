// RUN: split4ml opt %s | split4ml opt | filecheck %s
// RUN: split4ml opt %s --print-op-generic | split4ml opt | filecheck %s
// Everything the dialect can say prints as it was written, from the custom and from the generic form.

// CHECK:      flow.model @m archive("model.fml", "sha256:ab") attributes {backend = "Vitis", clock_ps = 5000 : i64} {
flow.model @m archive("model.fml", "sha256:ab") attributes {backend = "Vitis", clock_ps = 5000 : i64} {
  // CHECK-NEXT: %in = flow.input @x of "input" shape [1, 8, 8] order [1, 2, 0] : !flow.stream<64 x 1 x fixed<16,6>>
  %in = flow.input @x of "input" shape [1, 8, 8] order [1, 2, 0] : !flow.stream<64x1xfixed<16,6>>
  // CHECK-NEXT: %0 = flow.subgraph @sg0 slr 0 (%a = %in : !flow.stream<64 x 1 x fixed<16,6>>) -> (!flow.stream<36 x 4 x ufixed<8,0,RND,SAT>>) {
  %0 = flow.subgraph @sg0 slr 0 (%a = %in : !flow.stream<64x1xfixed<16,6>>) -> (!flow.stream<36x4xufixed<8,0,RND,SAT>>) {
    // CHECK-NEXT: %b = flow.task "Conv2D" @conv1(%a) layers ["/conv1"] ii 4 latency 9 {cost = #flow.cost<hls, lut 1:2:3, ff 0:0:0, dsp 4:4:4, bram18 0:1:2, synth_ms 1:2:3, "structural">} :
    %b = flow.task "Conv2D" @conv1(%a) layers ["/conv1"] ii 4 latency 9 {cost = #flow.cost<hls, lut 1:2:3, ff 0:0:0, dsp 4:4:4, bram18 0:1:2, synth_ms 1:2:3, "structural">} : (!flow.stream<64x1xfixed<16,6>>) -> !flow.stream<36x4xint<9>>
    // CHECK-NEXT: %c = flow.fifo @layer2_out %b depth 4 of 64 peak 3 style "memory" uncuttable "in-place Reshape" : !flow.stream<36 x 4 x int<9>>
    %c = flow.fifo @layer2_out %b depth 4 of 64 peak 3 style "memory" uncuttable "in-place Reshape" : !flow.stream<36x4xint<9>>
    // CHECK-NEXT: %d = flow.task "Activation" @relu1(%c) :
    %d = flow.task "Activation" @relu1(%c) : (!flow.stream<36x4xint<9>>) -> !flow.stream<36x4xufixed<8,0,RND,SAT>>
    // CHECK-NEXT: flow.yield %d : !flow.stream<36 x 4 x ufixed<8,0,RND,SAT>>
    flow.yield %d : !flow.stream<36x4xufixed<8,0,RND,SAT>>
  }
  // CHECK: flow.output @y %0 of "logits" : !flow.stream<36 x 4 x ufixed<8,0,RND,SAT>>
  flow.output @y %0 of "logits" : !flow.stream<36x4xufixed<8,0,RND,SAT>>
}
