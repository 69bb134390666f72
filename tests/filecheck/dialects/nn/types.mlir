// RUN: split4ml opt %s | split4ml opt | filecheck %s
// Element types that an op states for hardware: text that parses back, in hls4ml's words.

nn.model @m {
  %x = nn.input @x of "x" types {result = "ufixed<8,0>"} : tensor<8xf32>
  %0 = nn.relu @r %x types {result = "ufixed<4,2,RND_CONV,SAT>"} onnx ["act"] : tensor<8xf32>
  nn.output @y %0 of "y" : tensor<8xf32>
}
// CHECK: %x = nn.input @x of "x" types {result = "ufixed<8,0>"} : tensor<8xf32>
// CHECK: nn.relu @r %x types {result = "ufixed<4,2,RND_CONV,SAT>"} onnx ["act"] : tensor<8xf32>
