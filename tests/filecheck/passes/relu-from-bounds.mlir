// RUN: split4ml opt %s --weights %S/Inputs/nn-weights -p 'fold-constants,relu-from-bounds' | filecheck %s
// The bounds are [1, 2], and zeros.

nn.model @m {
  %x = nn.input @x of "x" : tensor<2xf32>
  %b = nn.constant @b "sha256:1bffa9e9237237c7b10838c66d755ddc632950ff0ca7402989434529a8b3b52a" : tensor<2xf32>
  %z = nn.subtract @zero(%b, %b) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>

  // ReLU6 and the like: from below a ReLU, from above another
  // CHECK: %lower = nn.relu @lower %x onnx ["Clip"]
  // CHECK-NEXT: %upper_room = nn.subtract @upper_room(%b, %lower) onnx ["Clip"]
  // CHECK-NEXT: %upper_relu = nn.relu @upper_relu %upper_room
  // CHECK-NEXT: %upper = nn.subtract @upper(%b, %upper_relu)
  %0 = nn.maximum @lower(%x, %z) onnx ["Clip"] : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = nn.minimum @upper(%0, %b) onnx ["Clip"] : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>

  // a bound that a ReLU implies vanishes
  // CHECK-NOT: @again
  %2 = nn.maximum @again(%z, %0) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>

  // CHECK: %most_room = nn.subtract @most_room(%x, %b)
  // CHECK-NEXT: %most_relu = nn.relu @most_relu %most_room
  // CHECK-NEXT: %most = nn.add @most(%most_relu, %b)
  %3 = nn.maximum @most(%b, %x) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>

  // of two data it is hls4ml's merge
  // CHECK: nn.minimum @data(%most, %x)
  %4 = nn.minimum @data(%3, %x) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  nn.output @y0 %1 of "y0" : tensor<2xf32>
  nn.output @y1 %2 of "y1" : tensor<2xf32>
  nn.output @y2 %4 of "y2" : tensor<2xf32>
}
