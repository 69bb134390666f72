// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'fold-constants,scale-by-element,eliminate-dead-code' | filecheck %s

nn.model @m {
  %x = nn.input @x of "x" : tensor<2x1x2xf32>
  %c = nn.constant @c "sha256:1bffa9e9237237c7b10838c66d755ddc632950ff0ca7402989434529a8b3b52a" : tensor<2xf32>
  %rows = nn.reshape @rows %c : (tensor<2xf32>) -> tensor<2x1x1xf32>

  // one constant per channel is a scale layer already
  // CHECK: nn.multiply @channels(%x, %c)
  %0 = nn.multiply @channels(%x, %c) : (tensor<2x1x2xf32>, tensor<2xf32>) -> tensor<2x1x2xf32>

  // [1, 2] for the rows are four constants, of a sequence of two tokens
  // CHECK:      %each_flat = nn.reshape @each_flat %0 onnx ["Add"] : (tensor<2x1x2xf32>) -> tensor<2x2xf32>
  // CHECK-NEXT: %each_constants = nn.constant @each_constants "sha256:{{.*}} : tensor<2x2xf32>
  // CHECK-NEXT: %each_scaled = nn.add @each_scaled(%each_constants, %each_flat) onnx ["Add"]
  // CHECK-NEXT: %each = nn.reshape @each %each_scaled : (tensor<2x2xf32>) -> tensor<2x1x2xf32>
  %1 = nn.add @each(%rows, %0) onnx ["Add"] : (tensor<2x1x1xf32>, tensor<2x1x2xf32>) -> tensor<2x1x2xf32>
  nn.output @y %1 of "y" : tensor<2x1x2xf32>
}
