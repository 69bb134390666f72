// RUN: split4ml opt %s -p 'simplify-reshapes,eliminate-dead-code' | filecheck %s

nn.model @m {
  %x = nn.input @x of "x" : tensor<4x2x2xf32>
  %0 = nn.reshape @a %x onnx ["A"] : (tensor<4x2x2xf32>) -> tensor<4x4xf32>
  %1 = nn.reshape @b %0 onnx ["B"] : (tensor<4x4xf32>) -> tensor<16xf32>
  // a vector is the result of flatten, whatever the way to it
  // CHECK: %b = nn.flatten @b %x onnx ["A", "B"] : (tensor<4x2x2xf32>) -> tensor<16xf32>
  nn.output @y %1 of "y" : tensor<16xf32>

  // there and back is nothing
  // CHECK: nn.relu @relu %x
  %2 = nn.reshape @back %1 : (tensor<16xf32>) -> tensor<4x2x2xf32>
  %3 = nn.relu @relu %2 : tensor<4x2x2xf32>
  nn.output @z %3 of "z" : tensor<4x2x2xf32>
}
