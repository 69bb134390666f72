// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'fold-scales,eliminate-dead-code' | filecheck %s

// The weight is [1, 2], the bias and the scale are [1, 2]: both become [1, 4].
nn.model @m {
  %x = nn.input @x of "x" : tensor<1x4x4xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %b = nn.constant @b "sha256:1bffa9e9237237c7b10838c66d755ddc632950ff0ca7402989434529a8b3b52a" : tensor<2xf32>
  %c = nn.constant @c "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %0 = nn.conv @conv(%x, %w, %b) strides [1, 1] pads [1, 1, 1, 1] onnx ["Conv"] : (tensor<1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<2x6x6xf32>
  %s = nn.constant @s "sha256:b8fb16f8229a37c5f318327762b0d3203b6d00a8d6a6c360ee27b63310dd2d87" : tensor<f32>
  %1 = nn.multiply @scaled(%0, %s) onnx ["Mul"] : (tensor<2x6x6xf32>, tensor<f32>) -> tensor<2x6x6xf32>
  %2 = nn.subtract @turned(%s, %1) onnx ["Sub"] : (tensor<f32>, tensor<2x6x6xf32>) -> tensor<2x6x6xf32>
  nn.output @y %2 of "y" : tensor<2x6x6xf32>
}
// CHECK-LABEL: @m
// CHECK:      %conv = nn.conv @conv(%x, %w, %b) strides [1, 1] pads [1, 1, 1, 1] onnx ["Conv", "Mul", "Sub"]
// CHECK-NEXT: nn.output @y %conv
