// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'channels-last' --split-input-file | filecheck %s

// The rows of the dense weight follow the data: 2 channels x 2 x 2, flattened. Weights of convolutions keep their form.
nn.model @flattened {
  %x = nn.input @x of "x" : tensor<1x2x2xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %v = nn.constant @v "sha256:b9b1f4fe284a5b21ca7af4e5831aa67ba37223f528a4ebef515b88ad60f10003" : tensor<8x2xf32>
  %0 = nn.conv @conv(%x, %w) strides [1, 1] pads [0, 0, 0, 0] : (tensor<1x2x2xf32>, tensor<2x1x1x1xf32>) -> tensor<2x2x2xf32>
  %1 = nn.flatten @flat %0 : (tensor<2x2x2xf32>) -> tensor<8xf32>
  %2 = nn.dense @fc(%1, %v) : (tensor<8xf32>, tensor<8x2xf32>) -> tensor<2xf32>
  nn.output @y %2 of "y" : tensor<2xf32>
}
// CHECK-LABEL: @flattened
// CHECK: %x = nn.input @x of "x" order [1, 2, 0] : tensor<2x2x1xf32>
// CHECK: %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738"
// CHECK: nn.conv @conv(%x, %w) strides [1, 1] pads [0, 0, 0, 0] channels_last : (tensor<2x2x1xf32>, {{.*}}) -> tensor<2x2x2xf32>
// CHECK: %v = nn.constant @v "sha256:
// CHECK-NOT: sha256:b9b1f4fe284a5b21ca7af4e5831aa67ba37223f528a4ebef515b88ad60f10003
// CHECK: nn.dense @fc(%{{.*}}, %v)
// CHECK: nn.output @y %{{.*}} of "y" : tensor<2xf32>

// -----

// Transposes around a convolution, as exporters of channels-last frameworks write them, cancel.
nn.model @around {
  %x = nn.input @x of "x" : tensor<2x2x1xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %0 = nn.transpose @there %x order [2, 0, 1] : (tensor<2x2x1xf32>) -> tensor<1x2x2xf32>
  %1 = nn.conv @conv(%0, %w) strides [1, 1] pads [0, 0, 0, 0] : (tensor<1x2x2xf32>, tensor<2x1x1x1xf32>) -> tensor<2x2x2xf32>
  %2 = nn.transpose @back %1 order [1, 2, 0] : (tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  nn.output @y %2 of "y" : tensor<2x2x2xf32>
}
// CHECK-LABEL: @around
// CHECK:      %x = nn.input @x of "x" : tensor<2x2x1xf32>
// CHECK-NEXT: nn.constant
// CHECK-NEXT: nn.conv @conv(%x, %w) strides [1, 1] pads [0, 0, 0, 0] channels_last
// CHECK-NEXT: nn.output @y %{{.*}} of "y" : tensor<2x2x2xf32>

// -----

// The axes of concat and mean count in the new order; an output says how it is stored.
nn.model @axes {
  %x = nn.input @x of "x" : tensor<1x4x2xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %0 = nn.conv @conv(%x, %w) strides [1, 1] pads [0, 0, 0, 0] : (tensor<1x4x2xf32>, tensor<2x1x1x1xf32>) -> tensor<2x4x2xf32>
  %1 = nn.concat @cat(%0, %0) axis 0 : (tensor<2x4x2xf32>, tensor<2x4x2xf32>) -> tensor<4x4x2xf32>
  %2 = nn.reduce_mean @mean %1 axes [1] : (tensor<4x4x2xf32>) -> tensor<4x2xf32>
  nn.output @y %1 of "y" : tensor<4x4x2xf32>
  nn.output @z %2 of "z" : tensor<4x2xf32>
}
// CHECK-LABEL: @axes
// CHECK: nn.concat @cat(%{{.*}}, %{{.*}}) axis 2 : (tensor<4x2x2xf32>, tensor<4x2x2xf32>) -> tensor<4x2x4xf32>
// CHECK: nn.reduce_mean @mean %{{.*}} axes [0] : (tensor<4x2x4xf32>) -> tensor<2x4xf32>
// CHECK: nn.output @y %{{.*}} of "y" order [1, 2, 0] : tensor<4x2x4xf32>
// CHECK: nn.output @z %{{.*}} of "z" order [1, 0] : tensor<2x4xf32>
