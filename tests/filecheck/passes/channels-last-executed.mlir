// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'channels-last' 2>&1 | filecheck %s
// A dense layer along the image's columns, whose elements are not stored side by side: they have to move, and the user is told.

nn.model @m {
  %x = nn.input @x of "x" : tensor<1x4x8xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %v = nn.constant @v "sha256:b9b1f4fe284a5b21ca7af4e5831aa67ba37223f528a4ebef515b88ad60f10003" : tensor<8x2xf32>
  %0 = nn.conv @conv(%x, %w) strides [1, 1] pads [0, 0, 0, 0] : (tensor<1x4x8xf32>, tensor<2x1x1x1xf32>) -> tensor<2x4x8xf32>
  %1 = nn.dense @fc(%0, %v) onnx ["columns"] : (tensor<2x4x8xf32>, tensor<8x2xf32>) -> tensor<2x4x2xf32>
  nn.output @y %1 of "y" : tensor<2x4x2xf32>
}
// CHECK-DAG: note: @fc (node 'columns') needs its data in another order than it comes in: the transpose before it holds the whole frame of 64 elements
// CHECK-DAG: %fc_order = nn.transpose @fc_order %{{.*}} order [0, 2, 1] onnx ["columns"] : (tensor<4x8x2xf32>) -> tensor<4x2x8xf32>
