// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'tile{max-weights=1}' --split-input-file | filecheck %s

// Two channels, each in a tile. Zeros are put around the data once; what hls4ml gave the layer is stated for the tiles.
nn.model @conv {
  %x = nn.input @x of "x" order [1, 2, 0] : tensor<4x4x1xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %b = nn.constant @b "sha256:1bffa9e9237237c7b10838c66d755ddc632950ff0ca7402989434529a8b3b52a" : tensor<2xf32>
  %0 = nn.conv @c(%x, %w, %b) strides [1, 1] pads [1, 1, 1, 1] channels_last onnx ["Conv"] : (tensor<4x4x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<6x6x2xf32>
  %1 = nn.relu @r %0 : tensor<6x6x2xf32>
  nn.output @y %1 of "y" : tensor<6x6x2xf32>
}
// CHECK-LABEL: @conv
// CHECK-NEXT: nn.input
// CHECK-NEXT: %c_pad = nn.pad @c_pad %x pads [1, 1, 0, 1, 1, 0] types {result = "fixed<16,6>"}
// CHECK:      %c_tile0 = nn.conv @c_tile0(%c_pad, %c_w0, %c_b0) {{.*}} pads [0, 0, 0, 0] channels_last types {result = "fixed<16,6>", weight = "fixed<16,6>", bias = "fixed<16,6>", accum = "fixed<16,6>"} onnx ["Conv"] {part_of = "c"}
// CHECK:      %c_tile1 = nn.conv @c_tile1(%c_pad, %c_w1, %c_b1)
// CHECK-NEXT: %c = nn.concat @c(%c_tile0, %c_tile1) axis 2 types {result = "fixed<16,6>"}
// CHECK-NEXT: nn.relu @r %c

// -----

// A ReLU that makes elements narrower comes before the results are joined, and then has their name.
nn.model @narrow {
  %x = nn.input @x of "x" order [1, 2, 0] : tensor<4x4x1xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %0 = nn.conv @c(%x, %w) strides [1, 1] pads [0, 0, 0, 0] channels_last types {accum = "fixed<20,8>"} : (tensor<4x4x1xf32>, tensor<2x1x1x1xf32>) -> tensor<4x4x2xf32>
  %1 = nn.relu @r %0 types {result = "ufixed<4,2,RND,SAT>"} : tensor<4x4x2xf32>
  nn.output @y %1 of "y" : tensor<4x4x2xf32>
}
// CHECK-LABEL: @narrow
// CHECK:      nn.conv @c_tile0({{.*}} accum = "fixed<20,8>"} {part_of = "c"}
// CHECK-NEXT: %r_tile0 = nn.relu @r_tile0 %c_tile0 types {result = "ufixed<4,2,RND,SAT>"} {part_of = "r"}
// CHECK:      %r_tile1 = nn.relu @r_tile1 %c_tile1
// CHECK-NEXT: %r = nn.concat @r(%r_tile0, %r_tile1) axis 2 types {result = "ufixed<4,2,RND,SAT>"}
// CHECK-NEXT: nn.output @y %r

// -----

// Each output of a depthwise convolution reads one channel: it is left alone.
nn.model @depthwise {
  %x = nn.input @x of "x" order [1, 2, 0] : tensor<4x4x2xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %0 = nn.conv @c(%x, %w) strides [1, 1] pads [0, 0, 0, 0] group 2 channels_last : (tensor<4x4x2xf32>, tensor<2x1x1x1xf32>) -> tensor<4x4x2xf32>
  nn.output @y %0 of "y" : tensor<4x4x2xf32>
}
// CHECK-LABEL: @depthwise
// CHECK: nn.conv @c(%x, %w)
