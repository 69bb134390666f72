// RUN: split4ml opt %s -p 'eliminate-dead-code' | filecheck %s
// Chains die from their end; an input is the user's and stays, even without use.

nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %z = nn.input @unused of "z" : tensor<8xf32>
  %c = nn.constant @c "sha256:b7f29327119fce464131b5c57b3bb681b69e145599cd43ec4e7f9eaadb28a691" : tensor<2xf32>
  %0 = nn.relu @relu %x : tensor<8xf32>
  %1 = nn.tanh @dead_1 %0 : tensor<8xf32>
  %2 = nn.tanh @dead_2 %1 : tensor<8xf32>
  nn.output @y %0 of "y" : tensor<8xf32>
}
// CHECK:      nn.input @x
// CHECK-NEXT: nn.input @unused
// CHECK-NEXT: nn.relu
// CHECK-NEXT: nn.output
