// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'infer-precision{max-error=0.02}' 2>&1 | filecheck %s

// Random inputs from 0 to 1 need no sign, the weights [[0.5, -0.25], …] few bits; the sums are exact, and a ReLU loses the sign.
nn.model @m {
  %x = nn.input @x of "x" : tensor<4xf32>
  %w = nn.constant @w "sha256:fdd10d82b4f450110a9cdf822727df883777903d7c63bda34b60c59b4999298e" : tensor<4x2xf32>
  %b = nn.constant @b "sha256:9e27e7f7522bbed0a100d80d4af68afca4994dd4678062a6d69d80eda444acec" : tensor<2xf32>
  %0 = nn.dense @fc(%x, %w, %b) onnx ["Gemm"] : (tensor<4xf32>, tensor<4x2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = nn.relu @relu %0 : tensor<2xf32>
  nn.output @y %1 of "y" : tensor<2xf32>
}
// CHECK: split4ml.precision = {bound = 2.000000e-02 : f64, errors = [{{.*}} : f64], frames = 8 : i64, uniform = {{[0-9]+}} : i64, sample = "random"}
// CHECK: nn.input @x of "x" types {result = "ufixed<[[W:[0-9]+]],1,RND,SAT>"}
// CHECK: nn.dense @fc({{.*}}) types {result = "fixed<{{[0-9]+}},3,RND,SAT>", weight = "fixed<3,1,RND,SAT>", bias = "fixed<{{[0-9]+}},2,RND,SAT>", accum = "fixed<{{[0-9]+}},3>"} onnx ["Gemm"]
// CHECK: nn.relu @relu {{.*}} types {result = "ufixed<{{[0-9]+}},2,TRN,SAT>"}
// CHECK: note: precisions are those of random inputs
