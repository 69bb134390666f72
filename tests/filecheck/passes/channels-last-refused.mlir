// RUN: not split4ml opt %s --weights %S/Inputs/nn-weights -p 'channels-last' 2>&1 | filecheck %s
// Channels that become rows and columns: a transpose of four axes, which hls4ml's streams do not have.

nn.model @m {
  %x = nn.input @x of "x" : tensor<1x3x5xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %0 = nn.conv @conv(%x, %w) strides [1, 1] pads [0, 0, 0, 0] : (tensor<1x3x5xf32>, tensor<2x1x1x1xf32>) -> tensor<2x3x5xf32>
  %1 = nn.concat @more(%0, %0) axis 0 : (tensor<2x3x5xf32>, tensor<2x3x5xf32>) -> tensor<4x3x5xf32>
  %2 = nn.reshape @apart %1 : (tensor<4x3x5xf32>) -> tensor<2x2x3x5xf32>
  %3 = nn.transpose @turned %2 order [2, 0, 3, 1] : (tensor<2x2x3x5xf32>) -> tensor<3x2x5x2xf32>
  %4 = nn.reshape @shuffled %3 : (tensor<3x2x5x2xf32>) -> tensor<1x6x10xf32>
  %5 = nn.conv @next_conv(%4, %w) strides [1, 1] pads [0, 0, 0, 0] onnx ["Conv"] : (tensor<1x6x10xf32>, tensor<2x1x1x1xf32>) -> tensor<2x6x10xf32>
  nn.output @y %5 of "y" : tensor<2x6x10xf32>
}
// CHECK: @next_conv (node 'Conv'): it needs data of shape [1, 6, 10] in another order than it comes in, which is no transpose of at most three axes
// CHECK: help:
