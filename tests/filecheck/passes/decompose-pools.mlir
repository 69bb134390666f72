// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'decompose-pools' | filecheck %s

nn.model @m {
  %x = nn.input @x of "x" : tensor<7x1x2xf32>
  %r = nn.relu @r %x : tensor<7x1x2xf32>

  // windows of 3 by 2 are two windows of 2 by 2, one element apart
  // CHECK:      %over_part = nn.slice @over_part %x from [0, 0, 0] to [6, 1, 2] onnx ["MaxPool"]
  // CHECK-NEXT: %over_part_1 = nn.slice @over_part_1 %x from [1, 0, 0] to [7, 1, 2]
  // CHECK-NEXT: %over_half = nn.max_pool @over_half %over_part kernel [2, 1] strides [2, 1] pads [0, 0, 0, 0] channels_last
  // CHECK-NEXT: %over_half_1 = nn.max_pool @over_half_1 %over_part_1 kernel [2, 1]
  // CHECK-NEXT: %over = nn.maximum @over(%over_half, %over_half_1) onnx ["MaxPool"]
  %0 = nn.max_pool @over %x kernel [3, 1] strides [2, 1] pads [0, 0, 0, 0] channels_last onnx ["MaxPool"] : (tensor<7x1x2xf32>) -> tensor<3x1x2xf32>

  // pads of what cannot be negative are zeros
  // CHECK: %zeros_pad = nn.pad @zeros_pad %r pads [1, 0, 0, 0, 0, 0]
  // CHECK: %zeros = nn.maximum @zeros(
  %1 = nn.max_pool @zeros %r kernel [3, 1] strides [2, 1] pads [1, 0, 1, 0] channels_last : (tensor<7x1x2xf32>) -> tensor<4x1x2xf32>

  // pads of what can be are the first element again, which is in the same window
  // CHECK: %first_first = nn.slice @first_first
  // CHECK: nn.concat @first_edges(%first_first, %first_part) axis 0
  // CHECK: %first = nn.maximum @first(
  %2 = nn.max_pool @first %x kernel [2, 1] strides [1, 1] pads [1, 0, 0, 0] channels_last : (tensor<7x1x2xf32>) -> tensor<7x1x2xf32>

  // means are convolutions of each channel by itself, in a type that holds a third
  // CHECK: nn.conv @mean(%x, %mean_share) strides [2, 1] pads [0, 0, 0, 0] group 2 channels_last types {weight = "fixed<18,0>"}
  %3 = nn.average_pool @mean %x kernel [3, 1] strides [2, 1] pads [0, 0, 0, 0] channels_last : (tensor<7x1x2xf32>) -> tensor<3x1x2xf32>

  // where pads do not count, the outermost means are of fewer elements
  // CHECK: nn.conv @border_sum(%x, %border_share) strides [1, 1] pads [1, 0, 1, 0]
  // CHECK: nn.multiply @border(%border_sum, %border_ratio) types {scale = "fixed<18,2>"} : (tensor<7x1x2xf32>, tensor<7x1x1xf32>)
  %4 = nn.average_pool @border %x kernel [3, 1] strides [1, 1] pads [1, 0, 1, 0] channels_last : (tensor<7x1x2xf32>) -> tensor<7x1x2xf32>

  // hls4ml has this one
  // CHECK: nn.max_pool @plain %x kernel [2, 1] strides [2, 1]
  %5 = nn.max_pool @plain %x kernel [2, 1] strides [2, 1] pads [0, 0, 0, 0] channels_last : (tensor<7x1x2xf32>) -> tensor<3x1x2xf32>
  nn.output @y0 %0 of "y0" : tensor<3x1x2xf32>
  nn.output @y1 %1 of "y1" : tensor<4x1x2xf32>
  nn.output @y2 %2 of "y2" : tensor<7x1x2xf32>
  nn.output @y3 %3 of "y3" : tensor<3x1x2xf32>
  nn.output @y4 %4 of "y4" : tensor<7x1x2xf32>
  nn.output @y5 %5 of "y5" : tensor<3x1x2xf32>
}
