// RUN: split4ml opt %s | split4ml opt | filecheck %s
// RUN: split4ml opt %s --print-op-generic | split4ml opt | filecheck %s
// Everything the dialect can say prints as it was written, from the custom and from the generic form.

flow.model @m archive("model.fml", "sha256:ab") {
  %in = flow.input @x : !flow.stream<64x3xfixed<16,6>>
  %0, %1 = flow.subgraph @sg0 slr 0 (%a = %in : !flow.stream<64x3xfixed<16,6>>) -> (!flow.stream<64x3xfixed<6,2>>, !flow.stream<64x3xfixed<6,2>>) {
    %b, %c = flow.task "Clone" @clone(%a) : (!flow.stream<64x3xfixed<16,6>>) -> (!flow.stream<64x3xfixed<6,2>>, !flow.stream<64x3xfixed<6,2>>)
    flow.yield %b, %c : !flow.stream<64x3xfixed<6,2>>, !flow.stream<64x3xfixed<6,2>>
  }
  %2 = flow.fifo @layer2_out %0 depth 4 : !flow.stream<64x3xfixed<6,2>>
  %3 = flow.fifo @layer3_out %1 depth 60 : !flow.stream<64x3xfixed<6,2>>
  %4 = flow.subgraph @sg1 (%d = %2 : !flow.stream<64x3xfixed<6,2>>, %e = %3 : !flow.stream<64x3xfixed<6,2>>) -> (!flow.stream<64x3xfixed<6,2>>) {
    %f = flow.task "Add" @add(%d, %e) : (!flow.stream<64x3xfixed<6,2>>, !flow.stream<64x3xfixed<6,2>>) -> !flow.stream<64x3xfixed<6,2>>
    flow.yield %f : !flow.stream<64x3xfixed<6,2>>
  }
  flow.output @y %4 : !flow.stream<64x3xfixed<6,2>>
}
// CHECK:      stitch.design @m_top of @m clock 5000 start "per-frame" part "xcu250-figd2104-2L-e" {
stitch.design @m_top of @m clock 5000 start "per-frame" part "xcu250-figd2104-2L-e" {
  // CHECK-NEXT: %0 = stitch.input @x : !stitch.axis<48 x 64>
  %0 = stitch.input @x : !stitch.axis<48x64>
  // CHECK-NEXT: %1, %2 = stitch.instance @sg0 slr 0 (x = %0 : !stitch.axis<48 x 64>) -> (layer2_out : !stitch.axis<24 x 64>, layer3_out : !stitch.axis<24 x 64>)
  %1, %2 = stitch.instance @sg0 slr 0 (x = %0 : !stitch.axis<48x64>) -> (layer2_out : !stitch.axis<24x64>, layer3_out : !stitch.axis<24x64>)
  // CHECK-NEXT: %3 = stitch.link @layer2_out %1 depth 4 style "shift" : !stitch.axis<24 x 64>
  %3 = stitch.link @layer2_out %1 depth 4 style "shift" : !stitch.axis<24x64>
  // CHECK-NEXT: %4 = stitch.link @layer3_out %2 depth 60 style "memory" : !stitch.axis<24 x 64>
  %4 = stitch.link @layer3_out %2 depth 60 style "memory" : !stitch.axis<24x64>
  // CHECK-NEXT: %5 = stitch.instance @sg1 (layer2_out = %3 : !stitch.axis<24 x 64>, layer3_out = %4 : !stitch.axis<24 x 64>) -> (y : !stitch.axis<24 x 64>)
  %5 = stitch.instance @sg1 (layer2_out = %3 : !stitch.axis<24x64>, layer3_out = %4 : !stitch.axis<24x64>) -> (y : !stitch.axis<24x64>)
  // CHECK-NEXT: stitch.output @y %5 : !stitch.axis<24 x 64>
  stitch.output @y %5 : !stitch.axis<24x64>
}
