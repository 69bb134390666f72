// RUN: split4ml opt %s -p 'partition{at-most="subgraphs=3" minimise=time lut=1156}' | filecheck %s --check-prefix=FREE
// RUN: split4ml opt %s -p 'partition{at-most="subgraphs=3" minimise=time lut=670}' | filecheck %s --check-prefix=TIGHT
// RUN: not split4ml opt %s -p 'partition{at-most="subgraphs=3" minimise=time lut=669}' 2>&1 | filecheck %s --check-prefix=NONE

// What a cut adds counts with the budget. A byte: 26 LUTs where it leaves (a FIFO of two beats, and a slice at the port), 12 where it enters;
// 64 bytes: 1,034 and 516. The start module: 14 a subgraph, and 20 with the task that reads the input.

// The best time is that of one convolution alone, if there is room for the wide stream on both sides.
// FREE: values = {time = 25000{{.*}}subgraphs = 3
// Else only the narrow one can be cut: 10 + 600 + 26 + 34 LUTs, and 600 + 12 + 14.
// TIGHT: values = {time = 26000{{.*}}subgraphs = 2
// NONE: no split has at most 669 lut in a subgraph
// NONE-NEXT: help: with all else kept, 670 lut (1 more) would do
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %a = flow.task "Activation" @a(%i) {cost = #flow.cost<hls, lut 10:10:10, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 3000:3000:3000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x64xint<8>>
  %1 = flow.fifo @wide %a depth 4 : !flow.stream<4x64xint<8>>
  %b = flow.task "Conv2D" @b(%1) {cost = #flow.cost<hls, lut 600:600:600, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 1000:1000:1000, "test">} : (!flow.stream<4x64xint<8>>) -> !flow.stream<4x1xint<8>>
  %2 = flow.fifo @narrow %b depth 4 : !flow.stream<4x1xint<8>>
  %c = flow.task "Conv2D" @c(%2) {cost = #flow.cost<hls, lut 600:600:600, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 3000:3000:3000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %c : !flow.stream<4x1xint<8>>
}
