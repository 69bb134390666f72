// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'fold-batch-norm,eliminate-dead-code' --split-input-file | filecheck %s

// With scale [1, 2], variance 1 and epsilon 0 the weight [1, 2] becomes [1, 4]; mean 0 and bias [1, 2] give bias [1, 2].
nn.model @m {
  %x = nn.input @x of "x" : tensor<1x4x4xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %s = nn.constant @scale "sha256:1bffa9e9237237c7b10838c66d755ddc632950ff0ca7402989434529a8b3b52a" : tensor<2xf32>
  %zero = nn.constant @zero "sha256:95b1fc3071e0e314a086f3cd8f2ff82c9ea41cf690921dfdb2b9e73c8901e01f" : tensor<2xf32>
  %one = nn.constant @one "sha256:b7f29327119fce464131b5c57b3bb681b69e145599cd43ec4e7f9eaadb28a691" : tensor<2xf32>
  %0 = nn.conv @conv(%x, %w) strides [1, 1] pads [0, 0, 0, 0] onnx ["Conv"] : (tensor<1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<2x4x4xf32>
  %1 = nn.batch_norm @bn(%0, %s, %s, %zero, %one) epsilon 0.0 onnx ["BN"] : (tensor<2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x4x4xf32>
  nn.output @y %1 of "y" : tensor<2x4x4xf32>
}
// CHECK-LABEL: @m
// CHECK:      %w = nn.constant @w "sha256:ef7187170b4d652b52dce02556a73bac8e0ffb7858b6cacad5a35fabc99b9c46"
// CHECK-NEXT: %conv_bias = nn.constant @conv_bias "sha256:1bffa9e9237237c7b10838c66d755ddc632950ff0ca7402989434529a8b3b52a"
// CHECK-NEXT: %conv = nn.conv @conv(%x, %w, %conv_bias) {{.*}} onnx ["Conv", "BN"]
// CHECK-NEXT: nn.output @y %conv

// -----

// The convolution's result has another user: normalisation stays.
nn.model @twice {
  %x = nn.input @x of "x" : tensor<1x4x4xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %one = nn.constant @one "sha256:b7f29327119fce464131b5c57b3bb681b69e145599cd43ec4e7f9eaadb28a691" : tensor<2xf32>
  %0 = nn.conv @conv(%x, %w) strides [1, 1] pads [0, 0, 0, 0] : (tensor<1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<2x4x4xf32>
  %1 = nn.batch_norm @bn(%0, %one, %one, %one, %one) epsilon 0.0 : (tensor<2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x4x4xf32>
  %2 = nn.add @sum(%0, %1) : (tensor<2x4x4xf32>, tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
  nn.output @y %2 of "y" : tensor<2x4x4xf32>
}
// CHECK-LABEL: @twice
// CHECK: nn.batch_norm @bn

// -----

// The weight has another user, which must keep the old one.
nn.model @shared_weight {
  %x = nn.input @x of "x" : tensor<1x4x4xf32>
  %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738" : tensor<2x1x1x1xf32>
  %s = nn.constant @scale "sha256:1bffa9e9237237c7b10838c66d755ddc632950ff0ca7402989434529a8b3b52a" : tensor<2xf32>
  %zero = nn.constant @zero "sha256:95b1fc3071e0e314a086f3cd8f2ff82c9ea41cf690921dfdb2b9e73c8901e01f" : tensor<2xf32>
  %one = nn.constant @one "sha256:b7f29327119fce464131b5c57b3bb681b69e145599cd43ec4e7f9eaadb28a691" : tensor<2xf32>
  %0 = nn.conv @conv(%x, %w) strides [1, 1] pads [0, 0, 0, 0] : (tensor<1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<2x4x4xf32>
  %1 = nn.batch_norm @bn(%0, %s, %s, %zero, %one) epsilon 0.0 : (tensor<2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x4x4xf32>
  %2 = nn.conv @other(%x, %w) strides [1, 1] pads [0, 0, 0, 0] : (tensor<1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<2x4x4xf32>
  %3 = nn.add @sum(%1, %2) : (tensor<2x4x4xf32>, tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
  nn.output @y %3 of "y" : tensor<2x4x4xf32>
}
// CHECK-LABEL: @shared_weight
// CHECK-DAG: %w = nn.constant @w "sha256:bb5a744b87ec29cc26c85d6fadff10220ecc3fc6b72ca4e492a5d5a519f8a738"
// CHECK-DAG: %w_1 = nn.constant @w_1 "sha256:ef71
// CHECK: nn.conv @conv(%x, %w_1, %conv_bias)
// CHECK: nn.conv @other(%x, %w)
