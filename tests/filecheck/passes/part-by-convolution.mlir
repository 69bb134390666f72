// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'part-by-convolution' | filecheck %s

nn.model @m {
  %x = nn.input @x of "x" order [1, 2, 0] : tensor<4x4x2xf32>
  %v = nn.input @v of "v" : tensor<3xf32>

  // a part of space is hls4ml's own to crop
  // CHECK: nn.slice @space %x from [1, 0, 0] to [4, 3, 2]
  %0 = nn.slice @space %x from [1, 0, 0] to [4, 3, 2] : (tensor<4x4x2xf32>) -> tensor<3x3x2xf32>

  // one channel of two: a weight of [0, 1]
  // CHECK: %channel_choice = nn.constant @channel_choice "sha256:{{.*}} : tensor<1x2x1x1xf32>
  // CHECK-NEXT: nn.conv @channel(%x, %channel_choice) strides [1, 1] pads [0, 0, 0, 0] channels_last types {weight = "fixed<3,2>"} onnx ["Split"]
  %1 = nn.slice @channel %x from [0, 0, 1] to [4, 4, 2] onnx ["Split"] : (tensor<4x4x2xf32>) -> tensor<4x4x1xf32>

  // every second column from the first row on: each channel for itself, with strides
  // CHECK: %step_crop = nn.slice @step_crop %x from [1, 0, 0] to [4, 4, 2]
  // CHECK-NEXT: %step_choice = nn.constant @step_choice "sha256:{{.*}} : tensor<2x1x1x1xf32>
  // CHECK-NEXT: nn.conv @step(%step_crop, %step_choice) strides [1, 2] pads [0, 0, 0, 0] group 2 channels_last
  %2 = nn.slice @step %x from [1, 0, 0] to [4, 4, 2] steps [1, 2, 1] : (tensor<4x4x2xf32>) -> tensor<3x2x2xf32>

  // a part of a vector
  // CHECK: nn.dense @part(%v, %part_choice) types {weight = "fixed<3,2>"}
  %3 = nn.slice @part %v from [1] to [3] : (tensor<3xf32>) -> tensor<2xf32>
  nn.output @y0 %0 of "y0" : tensor<3x3x2xf32>
  nn.output @y1 %1 of "y1" : tensor<4x4x1xf32>
  nn.output @y2 %2 of "y2" : tensor<3x2x2xf32>
  nn.output @y3 %3 of "y3" : tensor<2xf32>
}
