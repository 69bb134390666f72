// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'fold-constants,eliminate-dead-code' | filecheck %s
// [[0, 1, 2], [3, 4, 5]] transposed, and its sum with itself: a chain folds in one run, under the names of the ops.

nn.model @m {
  %x = nn.input @x of "x" : tensor<3xf32>
  %w = nn.constant @matrix "sha256:47d9cb788e60cfff38faf2237400d94063bde1f42a0ad39297e02642caca6b56" : tensor<2x3xf32>
  %t = nn.transpose @t %w order [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %s = nn.add @doubled(%t, %t) : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %0 = nn.dense @fc(%x, %s) : (tensor<3xf32>, tensor<3x2xf32>) -> tensor<2xf32>
  nn.output @y %0 of "y" : tensor<2xf32>
}
// CHECK:      %doubled = nn.constant @doubled "sha256:{{.*}}" : tensor<3x2xf32>
// CHECK-NEXT: nn.dense @fc(%x, %doubled)
