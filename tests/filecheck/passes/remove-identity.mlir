// RUN: split4ml opt %s -p 'remove-identity' | filecheck %s
// A chain of things that do nothing; a transpose that does something stays.

nn.model @m {
  %x = nn.input @x of "x" : tensor<2x3xf32>
  %0 = nn.identity @dropout %x onnx ["Dropout_1"] : tensor<2x3xf32>
  %1 = nn.reshape @same %0 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = nn.transpose @still %1 order [0, 1] : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %3 = nn.concat @alone(%2) axis 0 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %4 = nn.transpose @moves %3 order [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  nn.output @y %4 of "y" : tensor<3x2xf32>
}
// CHECK:      %x = nn.input
// CHECK-NEXT: %0 = nn.transpose @moves %x order [1, 0]
// CHECK-NEXT: nn.output @y %0
