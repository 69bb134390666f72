// RUN: split4ml opt %s | split4ml opt | filecheck %s
// RUN: split4ml opt %s --print-op-generic | split4ml opt | filecheck %s
// Every operator, in the form in which people read it.

nn.model @m {
  %x = nn.input @x of "a 'name' / of the user's" : tensor<1x8x8xf32>
  %t = nn.input @t of "NHWC" order [1, 2, 0] : tensor<8x8x1xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<4x1x3x3xf32>
  %b = nn.constant @b "sha256:b7f29327119fce464131b5c57b3bb681b69e145599cd43ec4e7f9eaadb28a691" : tensor<4xf32>
  %v = nn.constant @v "sha256:b9b1f4fe284a5b21ca7af4e5831aa67ba37223f528a4ebef515b88ad60f10003" : tensor<8x10xf32>
  %0 = nn.conv @conv(%x, %w, %b) strides [1, 1] pads [1, 1, 1, 1] onnx ["/conv/Conv", "bn"] : (tensor<1x8x8xf32>, tensor<4x1x3x3xf32>, tensor<4xf32>) -> tensor<4x8x8xf32>
  %1 = nn.conv @spread(%t, %w) strides [2, 1] pads [2, 2, 2, 2] dilations [2, 2] channels_last : (tensor<8x8x1xf32>, tensor<4x1x3x3xf32>) -> tensor<4x8x4xf32>
  %2 = nn.conv @depthwise(%0, %w) strides [1, 1] pads [1, 1, 1, 1] group 4 : (tensor<4x8x8xf32>, tensor<4x1x3x3xf32>) -> tensor<4x8x8xf32>
  %3 = nn.batch_norm @bn(%0, %b, %b, %b, %b) epsilon 1.0e-05 : (tensor<4x8x8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4x8x8xf32>
  %4 = nn.relu @r %3 : tensor<4x8x8xf32>
  %5 = nn.leaky_relu @l %4 alpha 0.01 : tensor<4x8x8xf32>
  %6 = nn.elu @e %5 alpha 1.0 : tensor<4x8x8xf32>
  %7 = nn.sigmoid @sg %6 : tensor<4x8x8xf32>
  %8 = nn.tanh @th %7 : tensor<4x8x8xf32>
  %9 = nn.softplus @sp %8 : tensor<4x8x8xf32>
  %10 = nn.softsign @ss %9 : tensor<4x8x8xf32>
  %11 = nn.identity @id %10 : tensor<4x8x8xf32>
  %12 = nn.add @sum(%0, %11) : (tensor<4x8x8xf32>, tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
  %13 = nn.subtract @difference(%0, %12) : (tensor<4x8x8xf32>, tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
  %14 = nn.multiply @product(%0, %13) : (tensor<4x8x8xf32>, tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
  %15 = nn.max_pool @mp %14 kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] : (tensor<4x8x8xf32>) -> tensor<4x4x4xf32>
  %16 = nn.average_pool @avg %14 kernel [3, 3] strides [2, 2] pads [1, 1, 0, 0] count_pads : (tensor<4x8x8xf32>) -> tensor<4x4x4xf32>
  %17 = nn.concat @cat(%15, %16) axis 0 : (tensor<4x4x4xf32>, tensor<4x4x4xf32>) -> tensor<8x4x4xf32>
  %18 = nn.reduce_mean @mean %17 axes [1, 2] keep : (tensor<8x4x4xf32>) -> tensor<8x1x1xf32>
  %19 = nn.transpose @tr %17 order [1, 2, 0] : (tensor<8x4x4xf32>) -> tensor<4x4x8xf32>
  %20 = nn.global_average_pool @gap %19 channels_last : (tensor<4x4x8xf32>) -> tensor<8xf32>
  %21 = nn.reshape @rs %18 : (tensor<8x1x1xf32>) -> tensor<2x4xf32>
  %22 = nn.flatten @flat %21 : (tensor<2x4xf32>) -> tensor<8xf32>
  %23 = nn.dense @fc(%22, %v) : (tensor<8xf32>, tensor<8x10xf32>) -> tensor<10xf32>
  %24 = nn.softmax @sm %23 axis 0 : tensor<10xf32>
  %30 = nn.maximum @most(%0, %12) : (tensor<4x8x8xf32>, tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
  %31 = nn.minimum @least(%0, %30) : (tensor<4x8x8xf32>, tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
  %32 = nn.average @middle(%0, %31) : (tensor<4x8x8xf32>, tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
  %33 = nn.prelu @slopes(%32, %0) : (tensor<4x8x8xf32>, tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
  %34 = nn.selu @se %33 : tensor<4x8x8xf32>
  %35 = nn.thresholded_relu @tre %34 alpha 0.5 : tensor<4x8x8xf32>
  %36 = nn.pad @zeros %35 pads [0, 1, 0, 0, 1, 2] : (tensor<4x8x8xf32>) -> tensor<4x10x10xf32>
  %37 = nn.upsample @up %36 scales [2, 3] : (tensor<4x10x10xf32>) -> tensor<4x20x30xf32>
  %38 = nn.reduce_max @largest %37 axes [2] : (tensor<4x20x30xf32>) -> tensor<4x20xf32>
  %39 = nn.global_max_pool @peak %38 : (tensor<4x20xf32>) -> tensor<4xf32>
  %40 = nn.slice @part %37 from [0, 2, 1] to [4, 20, 30] : (tensor<4x20x30xf32>) -> tensor<4x18x29xf32>
  %41 = nn.slice @steps %37 from [1, 0, 0] to [4, 20, 30] steps [2, 1, 3] : (tensor<4x20x30xf32>) -> tensor<2x20x10xf32>
  %43 = nn.expand @wide %18 : (tensor<8x1x1xf32>) -> tensor<8x3x4xf32>
  %44 = nn.conv_transpose @back(%t, %w) strides [2, 2] pads [1, 0, 1, -1] channels_last : (tensor<8x8x1xf32>, tensor<4x1x3x3xf32>) -> tensor<15x18x4xf32>
  %42 = nn.local_response_norm @lrn %0 size 5 alpha 1.0e-04 beta 0.75 bias 1.0 : (tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
  %wi = nn.constant @wi "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<20x12xf32>
  %wr = nn.constant @wr "sha256:b7f29327119fce464131b5c57b3bb681b69e145599cd43ec4e7f9eaadb28a691" : tensor<3x12xf32>
  %wb = nn.constant @wb "sha256:b9b1f4fe284a5b21ca7af4e5831aa67ba37223f528a4ebef515b88ad60f10003" : tensor<12xf32>
  %49 = nn.embedding @words(%wb, %v) : (tensor<12xf32>, tensor<8x10xf32>) -> tensor<12x10xf32>
  %50 = nn.lstm @memory(%38, %wi, %wr, %wb, %wb) sequences onnx ["cell"] : (tensor<4x20xf32>, tensor<20x12xf32>, tensor<3x12xf32>, tensor<12xf32>, tensor<12xf32>) -> tensor<4x3xf32>
  %q = nn.quantize @q %x to fixed<8, 2, RND_CONV, SAT_SYM> onnx ["q"] : tensor<1x8x8xf32>
  %bp = nn.bipolar @bp %x : tensor<1x8x8xf32>
  nn.output @y %24 of "y" : tensor<10xf32>
  nn.output @z %1 of "z" order [1, 2, 0] : tensor<4x8x4xf32>
}
// CHECK:      nn.model @m {
// CHECK-NEXT:   %x = nn.input @x of "a 'name' / of the user's" : tensor<1x8x8xf32>
// CHECK-NEXT:   %t = nn.input @t of "NHWC" order [1, 2, 0] : tensor<8x8x1xf32>
// CHECK-NEXT:   %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<4x1x3x3xf32>
// CHECK:        nn.conv @conv(%x, %w, %b) strides [1, 1] pads [1, 1, 1, 1] onnx ["/conv/Conv", "bn"] : (tensor<1x8x8xf32>, tensor<4x1x3x3xf32>, tensor<4xf32>) -> tensor<4x8x8xf32>
// CHECK:        nn.conv @spread(%t, %w) strides [2, 1] pads [2, 2, 2, 2] dilations [2, 2] channels_last : (
// CHECK:        nn.conv @depthwise(%{{.*}}, %w) strides [1, 1] pads [1, 1, 1, 1] group 4 : (
// CHECK:        nn.batch_norm @bn({{.*}}) epsilon 1.000000e-05 : (
// CHECK:        nn.relu @r %{{.*}} : tensor<4x8x8xf32>
// CHECK:        nn.leaky_relu @l %{{.*}} alpha 1.000000e-02 : tensor<4x8x8xf32>
// CHECK:        nn.elu @e
// CHECK:        nn.sigmoid @sg
// CHECK:        nn.tanh @th
// CHECK:        nn.softplus @sp
// CHECK:        nn.softsign @ss
// CHECK:        nn.identity @id
// CHECK:        nn.add @sum(%{{.*}}, %{{.*}}) : (tensor<4x8x8xf32>, tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
// CHECK:        nn.subtract @difference
// CHECK:        nn.multiply @product
// CHECK:        nn.max_pool @mp %{{.*}} kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] : (tensor<4x8x8xf32>) -> tensor<4x4x4xf32>
// CHECK:        nn.average_pool @avg %{{.*}} kernel [3, 3] strides [2, 2] pads [1, 1, 0, 0] count_pads : (
// CHECK:        nn.concat @cat(%{{.*}}, %{{.*}}) axis 0 : (
// CHECK:        nn.reduce_mean @mean %{{.*}} axes [1, 2] keep : (tensor<8x4x4xf32>) -> tensor<8x1x1xf32>
// CHECK:        nn.transpose @tr %{{.*}} order [1, 2, 0] : (
// CHECK:        nn.global_average_pool @gap %{{.*}} channels_last : (
// CHECK:        nn.reshape @rs
// CHECK:        nn.flatten @flat
// CHECK:        nn.dense @fc(%{{.*}}, %v) : (tensor<8xf32>, tensor<8x10xf32>) -> tensor<10xf32>
// CHECK:        nn.softmax @sm %{{.*}} axis 0 : tensor<10xf32>
// CHECK:        nn.maximum @most
// CHECK:        nn.minimum @least
// CHECK:        nn.average @middle
// CHECK:        nn.prelu @slopes
// CHECK:        nn.selu @se
// CHECK:        nn.thresholded_relu @tre %{{.*}} alpha
// CHECK:        nn.pad @zeros %{{.*}} pads [0, 1, 0, 0, 1, 2]
// CHECK:        nn.upsample @up %{{.*}} scales [2, 3]
// CHECK:        nn.reduce_max @largest %{{.*}} axes [2]
// CHECK:        nn.global_max_pool @peak
// CHECK:        nn.slice @part %{{.*}} from [0, 2, 1] to [4, 20, 30] : (
// CHECK:        nn.slice @steps %{{.*}} from [1, 0, 0] to [4, 20, 30] steps [2, 1, 3] : (
// CHECK:        nn.expand @wide %{{.*}} : (tensor<8x1x1xf32>) -> tensor<8x3x4xf32>
// CHECK:        nn.conv_transpose @back(%t, %w) strides [2, 2] pads [1, 0, 1, -1] channels_last : (
// CHECK:        nn.local_response_norm @lrn %{{.*}} size 5 alpha 1.000000e-04 beta 7.500000e-01 bias 1.000000e+00 : (tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
// CHECK:        nn.embedding @words(%wb, %v) : (tensor<12xf32>, tensor<8x10xf32>) -> tensor<12x10xf32>
// CHECK:        nn.lstm @memory(%{{.*}}, %wi, %wr, %wb, %wb) sequences onnx ["cell"] : (
// CHECK:        nn.quantize @q %x to fixed<8,2,RND_CONV,SAT_SYM> onnx ["q"] : tensor<1x8x8xf32>
// CHECK:        nn.bipolar @bp %x : tensor<1x8x8xf32>
// CHECK:        nn.output @y %{{.*}} of "y" : tensor<10xf32>
// CHECK:        nn.output @z %{{.*}} of "z" order [1, 2, 0] : tensor<4x8x4xf32>
