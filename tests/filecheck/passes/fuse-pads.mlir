// RUN: split4ml opt %s -p 'fuse-pads' | filecheck %s

nn.model @m {
  %x = nn.input @x of "x" : tensor<2x4x4xf32>
  %w = nn.constant @w "sha256:0000000000000000000000000000000000000000000000000000000000000000" : tensor<2x2x3x3xf32>

  // zeros around space become the convolution's own
  // CHECK-NOT: nn.pad @space
  // CHECK: %a = nn.conv @a(%x, %w) strides [1, 1] pads [1, 1, 0, 3] onnx ["Pad", "Conv"]
  %0 = nn.pad @space %x pads [0, 1, 0, 0, 0, 2] onnx ["Pad"] : (tensor<2x4x4xf32>) -> tensor<2x5x6xf32>
  %1 = nn.conv @a(%0, %w) strides [1, 1] pads [0, 1, 0, 1] onnx ["Conv"] : (tensor<2x5x6xf32>, tensor<2x2x3x3xf32>) -> tensor<2x3x6xf32>

  // zeros that others read as well stay for them
  // CHECK: nn.pad @both %x
  // CHECK-NEXT: nn.conv @b(%x, %w) strides [1, 1] pads [1, 1, 1, 1]
  // CHECK: nn.relu @r %{{.*}}
  %2 = nn.pad @both %x pads [0, 1, 1, 0, 1, 1] : (tensor<2x4x4xf32>) -> tensor<2x6x6xf32>
  %3 = nn.conv @b(%2, %w) strides [1, 1] pads [0, 0, 0, 0] : (tensor<2x6x6xf32>, tensor<2x2x3x3xf32>) -> tensor<2x4x4xf32>
  %4 = nn.relu @r %2 : tensor<2x6x6xf32>
  nn.output @y0 %1 of "y0" : tensor<2x3x6xf32>
  nn.output @y1 %3 of "y1" : tensor<2x4x4xf32>
  nn.output @y2 %4 of "y2" : tensor<2x6x6xf32>
}
