// RUN: split4ml opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s
// One case per rule of the dialect.

// CHECK: @c: 1 groups of 2 weight channels need 2 input channels, but the data has 1.
nn.model @m {
  %x = nn.input @x of "x" : tensor<1x8x8xf32>
  %w = nn.constant @w "sha256:0000000000000000000000000000000000000000000000000000000000000000" : tensor<4x2x3x3xf32>
  %0 = nn.conv @c(%x, %w) strides [1, 1] pads [1, 1, 1, 1] : (tensor<1x8x8xf32>, tensor<4x2x3x3xf32>) -> tensor<4x8x8xf32>
  nn.output @y %0 of "y" : tensor<4x8x8xf32>
}

// -----

// CHECK: @c: the result has shape [4, 8, 8], but the operands give [4, 6, 6].
nn.model @m {
  %x = nn.input @x of "x" : tensor<1x8x8xf32>
  %w = nn.constant @w "sha256:0000000000000000000000000000000000000000000000000000000000000000" : tensor<4x1x3x3xf32>
  %0 = nn.conv @c(%x, %w) strides [1, 1] pads [0, 0, 0, 0] : (tensor<1x8x8xf32>, tensor<4x1x3x3xf32>) -> tensor<4x8x8xf32>
  nn.output @y %0 of "y" : tensor<4x8x8xf32>
}

// -----

// CHECK: @c: The bias should have shape [4], not [3].
nn.model @m {
  %x = nn.input @x of "x" : tensor<1x8x8xf32>
  %w = nn.constant @w "sha256:0000000000000000000000000000000000000000000000000000000000000000" : tensor<4x1x1x1xf32>
  %b = nn.constant @b "sha256:0000000000000000000000000000000000000000000000000000000000000000" : tensor<3xf32>
  %0 = nn.conv @c(%x, %w, %b) strides [1, 1] pads [0, 0, 0, 0] : (tensor<1x8x8xf32>, tensor<4x1x1x1xf32>, tensor<3xf32>) -> tensor<4x8x8xf32>
  nn.output @y %0 of "y" : tensor<4x8x8xf32>
}

// -----

// CHECK: @c: strides must be at least 1, not [0, 1].
nn.model @m {
  %x = nn.input @x of "x" : tensor<1x8x8xf32>
  %w = nn.constant @w "sha256:0000000000000000000000000000000000000000000000000000000000000000" : tensor<4x1x1x1xf32>
  %0 = nn.conv @c(%x, %w) strides [0, 1] pads [0, 0, 0, 0] : (tensor<1x8x8xf32>, tensor<4x1x1x1xf32>) -> tensor<4x8x8xf32>
  nn.output @y %0 of "y" : tensor<4x8x8xf32>
}

// -----

// CHECK: @p: The window spans 9 elements along spatial axis 0, but the padded input has 8.
nn.model @m {
  %x = nn.input @x of "x" : tensor<1x8x8xf32>
  %0 = nn.max_pool @p %x kernel [9, 1] strides [1, 1] pads [0, 0, 0, 0] : (tensor<1x8x8xf32>) -> tensor<1x1x8xf32>
  nn.output @y %0 of "y" : tensor<1x1x8xf32>
}

// -----

// CHECK: @fc: A weight of 9 inputs does not fit data of shape [8].
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %w = nn.constant @w "sha256:0000000000000000000000000000000000000000000000000000000000000000" : tensor<9x4xf32>
  %0 = nn.dense @fc(%x, %w) : (tensor<8xf32>, tensor<9x4xf32>) -> tensor<4xf32>
  nn.output @y %0 of "y" : tensor<4xf32>
}

// -----

// CHECK: @sum: Shapes [8] and [4] do not broadcast.
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %z = nn.input @z of "z" : tensor<4xf32>
  %0 = nn.add @sum(%x, %z) : (tensor<8xf32>, tensor<4xf32>) -> tensor<8xf32>
  nn.output @y %0 of "y" : tensor<8xf32>
}

// -----

// CHECK: @cat: Shapes [2, 3] and [2, 4] differ beside axis 0.
nn.model @m {
  %x = nn.input @x of "x" : tensor<2x3xf32>
  %z = nn.input @z of "z" : tensor<2x4xf32>
  %0 = nn.concat @cat(%x, %z) axis 0 : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<4x3xf32>
  nn.output @y %0 of "y" : tensor<4x3xf32>
}

// -----

// CHECK: @tr: [0, 0] is no permutation of the 2 axes of the data.
nn.model @m {
  %x = nn.input @x of "x" : tensor<2x3xf32>
  %0 = nn.transpose @tr %x order [0, 0] : (tensor<2x3xf32>) -> tensor<2x2xf32>
  nn.output @y %0 of "y" : tensor<2x2xf32>
}

// -----

// CHECK: @rs: Shapes [2, 3] and [2, 4] differ in their number of elements.
nn.model @m {
  %x = nn.input @x of "x" : tensor<2x3xf32>
  %0 = nn.reshape @rs %x : (tensor<2x3xf32>) -> tensor<2x4xf32>
  nn.output @y %0 of "y" : tensor<2x4xf32>
}

// -----

// CHECK: @sm: Axis 1 is none of the 1 axes of the data.
nn.model @m {
  %x = nn.input @x of "x" : tensor<4xf32>
  %0 = nn.softmax @sm %x axis 1 : tensor<4xf32>
  nn.output @y %0 of "y" : tensor<4xf32>
}

// -----

// CHECK: @x: the result has shape ?x8, but every extent must be static and at least 1.
nn.model @m {
  %x = nn.input @x of "x" : tensor<?x8xf32>
  nn.output @y %x of "y" : tensor<?x8xf32>
}

// -----

// CHECK: @x: the result has 1000000000000 elements, but at most 268435456 are supported.
nn.model @m {
  %x = nn.input @x of "x" : tensor<1000000x1000000xf32>
  nn.output @y %x of "y" : tensor<1000000x1000000xf32>
}

// -----

// CHECK: @x: order [0, 0] is no permutation of 2 axes.
nn.model @m {
  %x = nn.input @x of "x" order [0, 0] : tensor<2x8xf32>
  nn.output @y %x of "y" : tensor<2x8xf32>
}

// -----

// CHECK: 'while' is no legal name
nn.model @m {
  %x = nn.input @while of "x" : tensor<8xf32>
  nn.output @y %x of "y" : tensor<8xf32>
}

// -----

// CHECK: @m: the name @X is taken by @x already.
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %0 = nn.relu @X %x : tensor<8xf32>
  nn.output @y %0 of "y" : tensor<8xf32>
}

// -----

// CHECK: @z: another nn.input is of 'x' too.
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %z = nn.input @z of "x" : tensor<8xf32>
  nn.output @y %x of "y" : tensor<8xf32>
}

// -----

// CHECK: @m: a model needs at least one nn.input and one nn.output.
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
}

// -----

// CHECK: @w: '../../etc/passwd' names no blob; it should be sha256: and 64 hexadecimal digits.
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %w = nn.constant @w "../../etc/passwd" : tensor<8xf32>
  nn.output @y %x of "y" : tensor<8xf32>
}

// -----

// CHECK: @m: builtin.unrealized_conversion_cast does not belong into an nn.model.
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %0 = builtin.unrealized_conversion_cast %x : tensor<8xf32> to tensor<8xf32>
  nn.output @y %0 of "y" : tensor<8xf32>
}

// -----

// the type of the data is that of the result
// CHECK: attribute tensor<8xf32> expected from variable 'T', but got tensor<4xf32>
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %0 = "nn.relu"(%x) <{sym_name = "r"}> : (tensor<8xf32>) -> tensor<4xf32>
  nn.output @y %0 of "y" : tensor<4xf32>
}

// -----

// CHECK: @r: the element type of 'output' is stated, but there are result, weight, bias, scale, param, accum, table, exp_table, inv_table, inv_inp.
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %0 = nn.relu @r %x types {output = "fixed<8,4>"} : tensor<8xf32>
  nn.output @y %0 of "y" : tensor<8xf32>
}

// -----

// CHECK: @r: the element type of its result: 'float' is no element type such as fixed<16,6>.
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %0 = nn.relu @r %x types {result = "float"} : tensor<8xf32>
  nn.output @y %0 of "y" : tensor<8xf32>
}

// -----

// CHECK: rounding mode 'NEAREST' is none of TRN
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %0 = nn.quantize @q %x to fixed<8,4,NEAREST,SAT> : tensor<8xf32>
  nn.output @y %0 of "y" : tensor<8xf32>
}

// -----

// CHECK: @q: A quantiser has at most 64 bits, not 65.
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %0 = nn.quantize @q %x to fixed<65,4> : tensor<8xf32>
  nn.output @y %0 of "y" : tensor<8xf32>
}

// -----

// CHECK: Elements 2 to 9 by 1 are no part of axis 0, which has 8.
nn.model @m {
  %x = nn.input @x of "x" : tensor<8xf32>
  %0 = nn.slice @part %x from [2] to [9] : (tensor<8xf32>) -> tensor<7xf32>
  nn.output @y %0 of "y" : tensor<7xf32>
}
