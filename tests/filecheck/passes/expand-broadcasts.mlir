// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'expand-broadcasts' | filecheck %s

nn.model @m {
  %x = nn.input @x of "x" order [1, 2, 0] : tensor<4x6x3xf32>
  %g = nn.input @g of "g" order [1, 2, 0] : tensor<1x1x3xf32>
  %m = nn.input @m of "m" order [1, 2, 0] : tensor<4x6x1xf32>
  %v = nn.input @v of "v" : tensor<1xf32>

  // one value per channel, for all of space
  // CHECK: %gate_space = nn.upsample @gate_space %g scales [4, 6] channels_last onnx ["Mul"]
  // CHECK-NEXT: nn.multiply @gate(%x, %gate_space) onnx ["Mul"]
  %0 = nn.multiply @gate(%x, %g) onnx ["Mul"] : (tensor<4x6x3xf32>, tensor<1x1x3xf32>) -> tensor<4x6x3xf32>

  // one value per place, for all channels
  // CHECK: %mask_channels = nn.conv @mask_channels(%m, %mask_ones) strides [1, 1] pads [0, 0, 0, 0] channels_last types {weight = "fixed<3,2>"}
  // CHECK-NEXT: nn.multiply @mask(%mask_channels, %{{.*}})
  %1 = nn.multiply @mask(%m, %0) : (tensor<4x6x1xf32>, tensor<4x6x3xf32>) -> tensor<4x6x3xf32>

  // a vector
  // CHECK: nn.dense @wide_channels(%v, %wide_ones)
  // CHECK-NOT: nn.expand
  %2 = nn.expand @wide %v : (tensor<1xf32>) -> tensor<5xf32>
  nn.output @y %1 of "y" : tensor<4x6x3xf32>
  nn.output @z %2 of "z" : tensor<5xf32>
}
