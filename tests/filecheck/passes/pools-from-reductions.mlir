// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'pools-from-reductions' | filecheck %s

nn.model @m {
  %x = nn.input @x of "x" : tensor<4x6x3xf32>
  %v = nn.input @v of "v" : tensor<3xf32>

  // along rows: a pool with one window
  // CHECK: %rows_pool = nn.max_pool @rows_pool %x kernel [4, 1] strides [4, 1] pads [0, 0, 0, 0] channels_last onnx ["ReduceMax"]
  // CHECK-NEXT: nn.reshape @rows %rows_pool
  %0 = nn.reduce_max @rows %x axes [0] onnx ["ReduceMax"] : (tensor<4x6x3xf32>) -> tensor<6x3xf32>

  // along channels: weights of a third
  // CHECK: nn.conv @mean_channels(%x, %mean_share) {{.*}} types {weight = "fixed<18,0>"} : (tensor<4x6x3xf32>, tensor<1x3x1x1xf32>)
  %1 = nn.reduce_mean @mean %x axes [2] keep : (tensor<4x6x3xf32>) -> tensor<4x6x1xf32>

  // the largest channel: channels become columns
  // CHECK: %peak_columns = nn.reshape @peak_columns %x : (tensor<4x6x3xf32>) -> tensor<24x3x1xf32>
  // CHECK: nn.max_pool @peak_largest %peak_columns kernel [1, 3] strides [1, 3]
  %2 = nn.reduce_max @peak %x axes [2] : (tensor<4x6x3xf32>) -> tensor<4x6xf32>

  // a sum along columns is a mean, times their number
  // CHECK: nn.average_pool @sum_pool %x kernel [1, 6]
  // CHECK: nn.multiply @sum_sum(%sum_pool, %sum_count)
  %3 = nn.reduce_sum @sum %x axes [1] : (tensor<4x6x3xf32>) -> tensor<4x3xf32>

  // of a vector: a dense layer of ones
  // CHECK: nn.dense @total_channels(%v, %total_share) types {weight = "fixed<3,2>"}
  %4 = nn.reduce_sum @total %v axes [0] keep : (tensor<3xf32>) -> tensor<1xf32>
  nn.output @y0 %0 of "y0" : tensor<6x3xf32>
  nn.output @y1 %1 of "y1" : tensor<4x6x1xf32>
  nn.output @y2 %2 of "y2" : tensor<4x6xf32>
  nn.output @y3 %3 of "y3" : tensor<4x3xf32>
  nn.output @y4 %4 of "y4" : tensor<1xf32>
}
