// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'sink-scales,eliminate-dead-code' --split-input-file | filecheck %s

// The scale 0.1 before a layer of integers goes through it and its ReLU; the bias is in the layer's units then (3 and -8, which
// float32 misses by a little), and what is left before the quantiser, 0.1 * 5, is a power of two: part of its type.
nn.model @meet {
  %x = nn.input @x of "x" : tensor<4xf32>
  %q = nn.quantize @q %x to int<8> : tensor<4xf32>
  %s = nn.constant @s "sha256:b3ae1fa00e6c5050b0616e6175efd806ddc545f9d9c026479254e3fd0952fdcf" : tensor<f32>
  %0 = nn.multiply @dequantised(%q, %s) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %w = nn.constant @w "sha256:086b09404f4ee48ab732bbf8f19298a2c3f8b764351217e9b6c0e6c4d905f6cb" types {result = "int<3>"} : tensor<4x2xf32>
  %b = nn.constant @b "sha256:eaac3244660c80aaaeffc212b7b98cc00db84f115d821b784c6cdcb988f89d25" : tensor<2xf32>
  %1 = nn.dense @fc(%0, %w, %b) : (tensor<4xf32>, tensor<4x2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %2 = nn.relu @relu %1 : tensor<2xf32>
  %f = nn.constant @f "sha256:7e2553c8ab322c01dcae606c0fa5f7930bcf37f5c1feaafe13e45e732f892f1f" : tensor<f32>
  %3 = nn.multiply @rescaled(%2, %f) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %4 = nn.quantize @r %3 to uint<4> : tensor<2xf32>
  nn.output @y %4 of "y" : tensor<2xf32>
}
// CHECK-LABEL: @meet
// CHECK:      nn.quantize @q
// CHECK:      nn.constant @b_1 "sha256:67435034
// CHECK-NEXT: %fc = nn.dense @fc(%q, %w, %b)
// CHECK-NEXT: %relu = nn.relu @relu %fc
// CHECK-NEXT: %r = nn.quantize @r %relu to ufixed<4,5>
// CHECK:      nn.multiply @r_scale(%r, %{{.*}})

// -----

// A power of two in front of a quantiser goes into its type, and meets its inverse after it.
nn.model @power_of_two {
  %x = nn.input @x of "x" : tensor<4xf32>
  %four = nn.constant @four "sha256:eb2df5be00b33b00dec1ebae45e0f66d52c4d6f8cefc7e7a487f593365f6568a" : tensor<f32>
  %quarter = nn.constant @quarter "sha256:b8fb16f8229a37c5f318327762b0d3203b6d00a8d6a6c360ee27b63310dd2d87" : tensor<f32>
  %0 = nn.multiply @up(%x, %four) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = nn.quantize @q %0 to fixed<8,8,RND_CONV,SAT> : tensor<4xf32>
  %2 = nn.multiply @down(%1, %quarter) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  nn.output @y %2 of "y" : tensor<4xf32>
}
// CHECK-LABEL: @power_of_two
// CHECK-NEXT: nn.input
// CHECK-NEXT: %[[Q:.*]] = nn.quantize @q %x to fixed<8,6,RND_CONV,SAT>
// CHECK-NEXT: nn.output @y %[[Q]]

// -----

// Clipping integers further is one quantiser, with the first one's rounding.
nn.model @clipped {
  %x = nn.input @x of "x" : tensor<4xf32>
  %0 = nn.quantize @a %x to fixed<8,8,RND_CONV,SAT> : tensor<4xf32>
  %1 = nn.quantize @b %0 to fixed<5,5,TRN,SAT_SYM> : tensor<4xf32>
  nn.output @y %1 of "y" : tensor<4xf32>
}
// CHECK-LABEL: @clipped
// CHECK-NEXT: nn.input
// CHECK-NEXT: nn.quantize @b %x to fixed<5,5,RND_CONV,SAT_SYM>

// -----

// A sum of two scales (0.25 and 4) has one of them afterwards; a model without quantisers keeps its multiplications.
nn.model @sum {
  %x = nn.input @x of "x" : tensor<4xf32>
  %four = nn.constant @four "sha256:eb2df5be00b33b00dec1ebae45e0f66d52c4d6f8cefc7e7a487f593365f6568a" : tensor<f32>
  %quarter = nn.constant @quarter "sha256:b8fb16f8229a37c5f318327762b0d3203b6d00a8d6a6c360ee27b63310dd2d87" : tensor<f32>
  %q = nn.quantize @q %x to int<8> : tensor<4xf32>
  %r = nn.quantize @r %x to int<4> : tensor<4xf32>
  %0 = nn.multiply @a(%q, %four) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = nn.multiply @b(%r, %quarter) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = nn.add @total(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  nn.output @y %2 of "y" : tensor<4xf32>
}
// CHECK-LABEL: @sum
// CHECK:      %[[A:.*]] = nn.multiply @{{.*}}(%q, %{{.*}})
// CHECK-NEXT: %[[S:.*]] = nn.add @total(%[[A]], %r)
// CHECK:      %[[B:.*]] = nn.multiply @{{.*}}(%[[S]], %{{.*}})
// CHECK-NEXT: nn.output @y %[[B]]

// -----

nn.model @plain {
  %x = nn.input @x of "x" : tensor<4xf32>
  %four = nn.constant @four "sha256:eb2df5be00b33b00dec1ebae45e0f66d52c4d6f8cefc7e7a487f593365f6568a" : tensor<f32>
  %0 = nn.multiply @a(%x, %four) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = nn.relu @relu %0 : tensor<4xf32>
  nn.output @y %1 of "y" : tensor<4xf32>
}
// CHECK-LABEL: @plain
// CHECK: nn.multiply @a
// CHECK-NEXT: nn.relu @relu
