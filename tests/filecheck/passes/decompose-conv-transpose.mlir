// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'decompose-conv-transpose' | filecheck %s

nn.model @m {
  %x = nn.input @x of "x" order [1, 2, 0] : tensor<4x4x1xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>

  // a kernel of one element, two apart: of every four outputs, one is the data, and three are zero
  // CHECK:      %up_weight = nn.constant @up_weight "sha256:{{.*}} : tensor<4x1x1x1xf32>
  // CHECK-NEXT: %up_row = nn.conv @up_row(%x, %up_weight) strides [1, 1] pads [0, 0, 0, 0] channels_last onnx ["ConvTranspose"] : {{.*}} -> tensor<4x4x4xf32>
  // CHECK-NEXT: %up_columns = nn.reshape @up_columns %up_row onnx ["ConvTranspose"] : (tensor<4x4x4xf32>) -> tensor<4x8x2xf32>
  // CHECK:      %up_row_1 = nn.conv @up_row_1(%x, %up_weight_1)
  // CHECK:      %up_rows = nn.concat @up_rows(%up_columns, %up_columns_1) axis 1 {{.*}} -> tensor<4x16x2xf32>
  // CHECK-NEXT: %up_shape = nn.reshape @up_shape %up_rows {{.*}} -> tensor<8x8x2xf32>
  // the last row and column are none of the result
  // CHECK:      %up_part = nn.slice @up_part %up_shape from [0, 0, 0] to [7, 8, 2]
  // CHECK-NEXT: %up = nn.slice @up %up_part from [0, 0, 0] to [7, 7, 2]
  %0 = nn.conv_transpose @up(%x, %w) strides [2, 2] pads [0, 0, 0, 0] channels_last onnx ["ConvTranspose"] : (tensor<4x4x1xf32>, tensor<2x1x1x1xf32>) -> tensor<7x7x2xf32>
  nn.output @y %0 of "y" : tensor<7x7x2xf32>
}
