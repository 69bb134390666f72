// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'propagate-types,eliminate-dead-code' --split-input-file 2>&1 | filecheck %s

// The input, a layer and a ReLU take the types of the quantisers after them. The weights [[0.5, -0.25], …] need three bits, the
// sums of four products of eight bits thirteen; the float bias [0.3, -0.7] is shortened to what decides the rounding.
nn.model @m {
  %x = nn.input @x of "x" : tensor<4xf32>
  %q = nn.quantize @q %x to fixed<8,1,RND_CONV,SAT> onnx ["Quant"] : tensor<4xf32>
  %w = nn.constant @w "sha256:fdd10d82b4f450110a9cdf822727df883777903d7c63bda34b60c59b4999298e" types {result = "fixed<3,1>"} : tensor<4x2xf32>
  %b = nn.constant @b "sha256:9e27e7f7522bbed0a100d80d4af68afca4994dd4678062a6d69d80eda444acec" : tensor<2xf32>
  %0 = nn.dense @fc(%q, %w, %b) onnx ["Gemm"] : (tensor<4xf32>, tensor<4x2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = nn.relu @relu %0 : tensor<2xf32>
  %2 = nn.quantize @r %1 to ufixed<4,1,RND_CONV,SAT> : tensor<2xf32>
  %3 = nn.add @sum(%2, %2) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  nn.output @y %3 of "y" : tensor<2xf32>
}
// CHECK-LABEL: @m
// CHECK-NEXT: %x = nn.input @x of "x" types {result = "fixed<8,1,RND_CONV,SAT>"} onnx ["Quant"]
// CHECK:      nn.dense @fc(%x, %w, %{{.*}}) types {result = "fixed<13,3>", weight = "fixed<3,1>", bias = "fixed<11,1>", accum = "fixed<13,3>"} onnx ["Gemm"]
// CHECK-NEXT: nn.relu @relu %{{.*}} types {result = "ufixed<4,1,RND_CONV,SAT>"}
// CHECK-NEXT: nn.add @sum({{.*}}) types {result = "ufixed<5,2>"}

// -----

// The value has another user: the conversion is a layer of its own. One that changes nothing is none.
nn.model @two_users {
  %x = nn.input @x of "x" types {result = "fixed<8,2>"} : tensor<4xf32>
  %0 = nn.relu @relu %x : tensor<4xf32>
  %1 = nn.quantize @r %0 to ufixed<3,1,RND_CONV,SAT> : tensor<4xf32>
  %2 = nn.quantize @same %0 to ufixed<12,4> : tensor<4xf32>
  %3 = nn.add @sum(%1, %2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  nn.output @y %3 of "y" : tensor<4xf32>
}
// CHECK-LABEL: @two_users
// CHECK:      %[[R:.*]] = nn.relu @relu %x types {result = "ufixed<7,1>"}
// CHECK-NEXT: %[[Q:.*]] = nn.quantize @r %[[R]] to ufixed<3,1,RND_CONV,SAT>
// CHECK-NEXT: nn.add @sum(%[[Q]], %[[R]])

// -----

// A sign is one bit: -2**k or 0, of which a normalisation makes -1 and 1.
nn.model @sign {
  %x = nn.input @x of "x" types {result = "fixed<8,2>"} : tensor<4xf32>
  %0 = nn.add @twice(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = nn.bipolar @binary %0 : tensor<4xf32>
  nn.output @y %1 of "y" : tensor<4xf32>
}
// CHECK-LABEL: @sign
// CHECK:      %[[S:.*]] = nn.add @twice(%x, %x) types {result = "fixed<1,3>"}
// CHECK:      nn.batch_norm @binary(%[[S]], {{.*}} types {result = "int<2>", bias = "uint<2>", scale = "ufixed<2,1>"}

// -----

// The mean of three cannot be exact, but rounds rightly if enough bits are kept in front of the quantiser.
nn.model @mean {
  %x = nn.input @x of "x" types {result = "fixed<8,2>"} : tensor<3x4xf32>
  %0 = nn.global_average_pool @pool %x channels_last : (tensor<3x4xf32>) -> tensor<4xf32>
  %1 = nn.quantize @q %0 to fixed<5,2,RND_CONV,SAT> : tensor<4xf32>
  nn.output @y %1 of "y" : tensor<4xf32>
}
// CHECK-LABEL: @mean
// CHECK: nn.global_average_pool @pool %x channels_last types {result = "fixed<5,2,RND_CONV,SAT>", accum = "fixed<13,4>"}

// -----

// What is not quantised has the configured type, and is named.
nn.model @lookup {
  %x = nn.input @x of "x" : tensor<4xf32>
  %0 = nn.sigmoid @squash %x : tensor<4xf32>
  %1 = nn.quantize @q %0 to ufixed<5,0,RND_CONV,SAT> : tensor<4xf32>
  nn.output @y %1 of "y" : tensor<4xf32>
}
// CHECK-LABEL: @lookup
// CHECK-NEXT: nn.input @x of "x" types {result = "fixed<16,6>"}
// CHECK-NEXT: nn.sigmoid @squash %x types {result = "ufixed<5,0,RND_CONV,SAT>"}

// -----

// hls4ml subtracts in a type one bit narrower than the softmax's data: room for the differences, and tables that fit.
nn.model @softer {
  %x = nn.input @x of "x" : tensor<4xf32>
  %q = nn.quantize @q %x to fixed<8,2,RND_CONV,SAT> : tensor<4xf32>
  %0 = nn.softmax @probabilities %q axis 0 : tensor<4xf32>
  nn.output @y %0 of "y" : tensor<4xf32>
}
// CHECK-LABEL: @softer
// CHECK:      %[[R:.*]] = nn.quantize @probabilities_room %x to fixed<9,3>
// CHECK-NEXT: nn.softmax @probabilities %[[R]] axis 0 types {accum = "ufixed<20,3,RND,SAT>", exp_table = "ufixed<18,1,RND,SAT>", inv_table = "ufixed<18,1,RND,SAT>", inv_inp = "ufixed<18,3,RND,SAT>"}
