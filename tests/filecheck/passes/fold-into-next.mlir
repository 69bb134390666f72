// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'fold-into-next,eliminate-dead-code' | filecheck %s

nn.model @m {
  %x = nn.input @x of "x" : tensor<2x4x4xf32>
  %v = nn.input @v of "v" : tensor<8xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %u = nn.constant @u "sha256:b9b1f4fe284a5b21ca7af4e5831aa67ba37223f528a4ebef515b88ad60f10003" : tensor<8x2xf32>
  %s = nn.constant @s "sha256:1bffa9e9237237c7b10838c66d755ddc632950ff0ca7402989434529a8b3b52a" : tensor<2xf32>
  %zero = nn.constant @zero "sha256:95b1fc3071e0e314a086f3cd8f2ff82c9ea41cf690921dfdb2b9e73c8901e01f" : tensor<2xf32>
  %one = nn.constant @one "sha256:b7f29327119fce464131b5c57b3bb681b69e145599cd43ec4e7f9eaadb28a691" : tensor<2xf32>
  %c = nn.constant @c "sha256:7e2553c8ab322c01dcae606c0fa5f7930bcf37f5c1feaafe13e45e732f892f1f" : tensor<f32>

  // a normalisation, without pads: scale [1, 2] and shift [1, 2] for the two channels, of one group each
  // CHECK-NOT: nn.batch_norm @first
  // CHECK: %w_1 = nn.constant @w_1 "sha256:ef7187170b4d652b52dce02556a73bac8e0ffb7858b6cacad5a35fabc99b9c46"
  // CHECK: %plain = nn.conv @plain(%x, %w_1, %plain_bias) {{.*}} onnx ["BN", "Conv"]
  %0 = nn.batch_norm @first(%x, %s, %s, %zero, %one) epsilon 0.0 onnx ["BN"] : (tensor<2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x4x4xf32>
  %1 = nn.conv @plain(%0, %w) strides [1, 1] pads [0, 0, 0, 0] group 2 onnx ["Conv"] : (tensor<2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<2x4x4xf32>
  %2 = nn.relu @r %1 : tensor<2x4x4xf32>

  // in front of pads only what does not shift
  // CHECK: nn.batch_norm @shifts
  // CHECK-NEXT: nn.conv @padded(
  %3 = nn.batch_norm @shifts(%2, %s, %s, %zero, %one) epsilon 0.0 : (tensor<2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x4x4xf32>
  %4 = nn.conv @padded(%3, %w) strides [1, 1] pads [1, 1, 1, 1] group 2 : (tensor<2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<2x6x6xf32>

  // (x + 5) * 5 in front of a dense layer
  // CHECK: nn.dense @fc(%v, %u_1, %fc_bias) onnx ["Add", "Mul"]
  %5 = nn.add @plus(%v, %c) onnx ["Add"] : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %6 = nn.multiply @times(%5, %c) onnx ["Mul"] : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %7 = nn.dense @fc(%6, %u) : (tensor<8xf32>, tensor<8x2xf32>) -> tensor<2xf32>
  // the element type of the weight is not that of five times the weight; that of the result is still its own
  // CHECK: nn.dense @typed(%v, %u, %typed_bias) types {result = "fixed<9,4>"} onnx ["Mul"]
  %8 = nn.multiply @five(%v, %c) onnx ["Mul"] : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %9 = nn.dense @typed(%8, %u) types {result = "fixed<9,4>", weight = "fixed<3,2>"} : (tensor<8xf32>, tensor<8x2xf32>) -> tensor<2xf32>
  nn.output @q %9 of "q" : tensor<2xf32>
  nn.output @y %4 of "y" : tensor<2x6x6xf32>
  nn.output @z %7 of "z" : tensor<2xf32>
}
