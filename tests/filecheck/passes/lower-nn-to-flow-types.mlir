// RUN: split4ml opt %s -p lower-nn-to-flow | filecheck %s
// Element types that the network states, such as those of a quantised model, become hls4ml's.

nn.model @m {
  %x = nn.input @x of "x" types {result = "ufixed<8,0>"} : tensor<8xf32>
  %0 = nn.relu @r %x types {result = "ufixed<4,2,RND_CONV,SAT>"} : tensor<8xf32>
  %1 = nn.tanh @t %0 : tensor<8xf32>
  nn.output @y %1 of "y" : tensor<8xf32>
}
// CHECK: flow.task "Activation" @r({{.*}}) : (!flow.stream<1 x 8 x ufixed<8,0>>) -> !flow.stream<1 x 8 x ufixed<4,2,RND_CONV,SAT>>
// CHECK: flow.task "Activation" @t({{.*}}) : (!flow.stream<1 x 8 x ufixed<4,2,RND_CONV,SAT>>) -> !flow.stream<1 x 8 x fixed<16,6>>
