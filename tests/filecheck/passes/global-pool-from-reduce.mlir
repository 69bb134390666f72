// RUN: split4ml opt %s -p 'global-pool-from-reduce' | filecheck %s

nn.model @m {
  %x = nn.input @x of "x" : tensor<3x4x4xf32>

  // over all of space, with the axes kept or not
  // CHECK: %a = nn.global_average_pool @a %x onnx ["Mean"] : (tensor<3x4x4xf32>) -> tensor<3xf32>
  %0 = nn.reduce_mean @a %x axes [1, 2] onnx ["Mean"] : (tensor<3x4x4xf32>) -> tensor<3xf32>
  // CHECK: %b = nn.global_average_pool @b %x : (tensor<3x4x4xf32>) -> tensor<3xf32>
  // CHECK-NEXT: %b_keep = nn.reshape @b_keep %b : (tensor<3xf32>) -> tensor<3x1x1xf32>
  %1 = nn.reduce_mean @b %x axes [1, 2] keep : (tensor<3x4x4xf32>) -> tensor<3x1x1xf32>

  // a pool as large as the data
  // CHECK: nn.global_average_pool @c %x
  %2 = nn.average_pool @c %x kernel [4, 4] strides [1, 1] pads [0, 0, 0, 0] : (tensor<3x4x4xf32>) -> tensor<3x1x1xf32>

  // the first axes are space if the data is channels-last
  // CHECK: nn.global_average_pool @d %x channels_last
  %3 = nn.reduce_mean @d %x axes [0, 1] : (tensor<3x4x4xf32>) -> tensor<4xf32>

  // a part of space is not all of it
  // CHECK: nn.reduce_mean @e
  %4 = nn.reduce_mean @e %x axes [2] : (tensor<3x4x4xf32>) -> tensor<3x4xf32>
  // CHECK: nn.average_pool @f
  %5 = nn.average_pool @f %x kernel [4, 3] strides [1, 1] pads [0, 0, 0, 0] : (tensor<3x4x4xf32>) -> tensor<3x1x2xf32>

  nn.output @y %0 of "y" : tensor<3xf32>
}
