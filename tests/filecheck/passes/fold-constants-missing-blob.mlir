// RUN: not split4ml opt %s -p 'fold-constants' 2>&1 | filecheck %s
// IR that lost its weights says which blob it misses.

nn.model @m {
  %x = nn.input @x of "x" : tensor<3xf32>
  %w = nn.constant @matrix "sha256:47d9cb788e60cfff38faf2237400d94063bde1f42a0ad39297e02642caca6b56" : tensor<2x3xf32>
  %t = nn.transpose @t %w order [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %0 = nn.dense @fc(%x, %t) : (tensor<3xf32>, tensor<3x2xf32>) -> tensor<2xf32>
  nn.output @y %0 of "y" : tensor<2xf32>
}
// CHECK: there is no blob sha256:47d9cb788e60cfff38faf2237400d94063bde1f42a0ad39297e02642caca6b56
// CHECK: --weights
