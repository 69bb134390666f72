// RUN: split4ml opt %s -p 'take-last-state,eliminate-dead-code' | filecheck %s

nn.model @m {
  %x = nn.input @x of "x" : tensor<8x4xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<4x9xf32>
  %r = nn.constant @r "sha256:b7f29327119fce464131b5c57b3bb681b69e145599cd43ec4e7f9eaadb28a691" : tensor<3x9xf32>
  %b = nn.constant @b "sha256:b9b1f4fe284a5b21ca7af4e5831aa67ba37223f528a4ebef515b88ad60f10003" : tensor<9xf32>

  // CHECK: %[[LAST:.*]] = nn.gru @steps(%x, %w, %r, %b, %b) : ({{.*}}) -> tensor<3xf32>
  // CHECK: nn.reshape @last %[[LAST]] : (tensor<3xf32>) -> tensor<1x3xf32>
  %0 = nn.gru @steps(%x, %w, %r, %b, %b) sequences : (tensor<8x4xf32>, tensor<4x9xf32>, tensor<3x9xf32>, tensor<9xf32>, tensor<9xf32>) -> tensor<8x3xf32>
  %1 = nn.slice @last %0 from [7, 0] to [8, 3] : (tensor<8x3xf32>) -> tensor<1x3xf32>
  nn.output @y %1 of "y" : tensor<1x3xf32>

  // all states are used, or another one
  // CHECK: nn.gru @both(%x, %w, %r, %b, %b) sequences
  %2 = nn.gru @both(%x, %w, %r, %b, %b) sequences : (tensor<8x4xf32>, tensor<4x9xf32>, tensor<3x9xf32>, tensor<9xf32>, tensor<9xf32>) -> tensor<8x3xf32>
  %3 = nn.slice @one %2 from [7, 0] to [8, 3] : (tensor<8x3xf32>) -> tensor<1x3xf32>
  nn.output @z %2 of "z" : tensor<8x3xf32>
  nn.output @u %3 of "u" : tensor<1x3xf32>
  // CHECK: nn.gru @early(%x, %w, %r, %b, %b) sequences
  %4 = nn.gru @early(%x, %w, %r, %b, %b) sequences : (tensor<8x4xf32>, tensor<4x9xf32>, tensor<3x9xf32>, tensor<9xf32>, tensor<9xf32>) -> tensor<8x3xf32>
  %5 = nn.slice @opening %4 from [0, 0] to [1, 3] : (tensor<8x3xf32>) -> tensor<1x3xf32>
  nn.output @v %5 of "v" : tensor<1x3xf32>

  // a slice within one operand of a concatenation is a slice of that one
  // CHECK: nn.slice @piece %x from [2, 0] to [4, 4] : (tensor<8x4xf32>) -> tensor<2x4xf32>
  // CHECK: nn.slice @across
  %6 = nn.relu @relu %x : tensor<8x4xf32>
  %7 = nn.concat @joined(%6, %x) axis 0 : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<16x4xf32>
  %8 = nn.slice @piece %7 from [10, 0] to [12, 4] : (tensor<16x4xf32>) -> tensor<2x4xf32>
  %9 = nn.slice @across %7 from [7, 0] to [9, 4] : (tensor<16x4xf32>) -> tensor<2x4xf32>
  nn.output @s %8 of "s" : tensor<2x4xf32>
  nn.output @t %9 of "t" : tensor<2x4xf32>
}
