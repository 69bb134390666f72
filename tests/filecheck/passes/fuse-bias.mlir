// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'fold-constants,fuse-bias,eliminate-dead-code' --split-input-file | filecheck %s

// The blob [1, 2] becomes the bias as it is; both nodes are the layer's origin.
nn.model @dense {
  %x = nn.input @x of "x" : tensor<8xf32>
  %w = nn.constant @w "sha256:b9b1f4fe284a5b21ca7af4e5831aa67ba37223f528a4ebef515b88ad60f10003" : tensor<8x2xf32>
  %b = nn.constant @b "sha256:1bffa9e9237237c7b10838c66d755ddc632950ff0ca7402989434529a8b3b52a" : tensor<2xf32>
  // of its element types only the weight's, which is the same, still holds
  %0 = nn.dense @fc(%x, %w) types {result = "fixed<9,4>", weight = "fixed<3,2>"} onnx ["MatMul"] : (tensor<8xf32>, tensor<8x2xf32>) -> tensor<2xf32>
  %1 = nn.add @add(%b, %0) onnx ["Add"] : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  nn.output @y %1 of "y" : tensor<2xf32>
}
// CHECK-LABEL: @dense
// CHECK: %fc_bias = nn.constant @fc_bias "sha256:1bffa9e9237237c7b10838c66d755ddc632950ff0ca7402989434529a8b3b52a"
// CHECK-NEXT: %fc = nn.dense @fc(%x, %w, %fc_bias) types {weight = "fixed<3,2>"} onnx ["MatMul", "Add"]
// CHECK-NEXT: nn.output @y %fc

// -----

// A convolution's bias runs along the channels, and a bias that is there already is added to: [1, 2] + [3, 4].
nn.model @conv {
  %x = nn.input @x of "x" : tensor<1x4x4xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %b = nn.constant @b "sha256:1bffa9e9237237c7b10838c66d755ddc632950ff0ca7402989434529a8b3b52a" : tensor<2xf32>
  %c = nn.constant @more "sha256:83d98c0743c4a500f5bd507d89b572f2463e5686c37bd3f9963fab216beb08ca" : tensor<2xf32>
  %r = nn.reshape @column %c : (tensor<2xf32>) -> tensor<2x1x1xf32>
  %0 = nn.conv @conv(%x, %w, %b) strides [1, 1] pads [0, 0, 0, 0] : (tensor<1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<2x4x4xf32>
  %1 = nn.add @add(%0, %r) : (tensor<2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<2x4x4xf32>
  nn.output @y %1 of "y" : tensor<2x4x4xf32>
}
// CHECK-LABEL: @conv
// CHECK: %b = nn.constant @b "sha256:2286192585cbd5c454f98acc0ca5682da4c7336bdb5ad1d92e2dfe113b4886b4"
// CHECK-NEXT: %conv = nn.conv @conv(%x, %w, %b)
// CHECK-NEXT: nn.output @y %conv

// -----

// An addend that differs along another axis is no bias.
nn.model @rows {
  %x = nn.input @x of "x" : tensor<2x8xf32>
  %w = nn.constant @w "sha256:b9b1f4fe284a5b21ca7af4e5831aa67ba37223f528a4ebef515b88ad60f10003" : tensor<8x2xf32>
  %b = nn.constant @b "sha256:1bffa9e9237237c7b10838c66d755ddc632950ff0ca7402989434529a8b3b52a" : tensor<2xf32>
  %c = nn.reshape @column %b : (tensor<2xf32>) -> tensor<2x1xf32>
  %0 = nn.dense @fc(%x, %w) : (tensor<2x8xf32>, tensor<8x2xf32>) -> tensor<2x2xf32>
  %1 = nn.add @add(%0, %c) : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  nn.output @y %1 of "y" : tensor<2x2xf32>
}
// CHECK-LABEL: @rows
// CHECK: nn.add
