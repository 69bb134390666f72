// RUN: split4ml opt %s -p 'partition{subgraphs=2 slr=true device="Alveo U250"}' | filecheck %s --check-prefix=SLR
// RUN: split4ml opt %s -p 'partition{subgraphs=2 device=xcu250-figd2104-2L-e pin="c=slr2"}' | filecheck %s --check-prefix=PIN
// RUN: not split4ml opt %s -p 'partition{subgraphs=2 device=zcu102 utilisation="dsp=100"}' 2>&1 | filecheck %s --check-prefix=SMALL
// RUN: not split4ml opt %s -p 'partition{subgraphs=1 slr=true device=u250}' 2>&1 | filecheck %s --check-prefix=ONE
// RUN: not split4ml opt %s -p 'partition{device=zcu103}' 2>&1 | filecheck %s --check-prefix=NAME
// RUN: not split4ml opt %s -p 'partition{pin="b=slr1" device=zcu111 utilisation="dsp=100"}' 2>&1 | filecheck %s --check-prefix=REGION
// RUN: not split4ml opt %s -p 'partition{utilisation="lut=80"}' 2>&1 | filecheck %s --check-prefix=PART
// Devices: 2000 DSPs each for two convolutions, 2457 (80 % of 3072) in an SLR of a U250.

// SLR: flow.subgraph @sg0 slr 0
// SLR: @b(
// SLR: flow.subgraph @sg1 slr 1
// SLR: @c(

// PIN: flow.subgraph @sg1 slr 2
// PIN: @c(

// SMALL: the design does not fit xczu9eg, however it is split: it needs 4,000 dsp after synthesis, and 2,520 may be used
// SMALL-NEXT: a larger device, a higher reuse factor or smaller precision

// ONE: no split meets all of these together: 1 subgraph; at most 2,457 dsp after synthesis in each of SLR0, SLR1, SLR2, SLR3
// ONE-NEXT: help: with all else kept, 2 subgraphs, or 63 % more dsp after synthesis in every SLR would do

// NAME: there is no device or board 'zcu103'
// NAME-NEXT: did you mean
// REGION: b is pinned to SLR1, but the device has SLR0 to SLR0
// PART: the model does not say which part it is for
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %a = flow.task "Activation" @a(%i) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 1000:1000:1000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @fa %a depth 4 : !flow.stream<4x1xint<8>>
  %c, %d = flow.task "Clone" @fork(%1) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 0:0:0, "test">} : (!flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>)
  %2 = flow.fifo @skip %d depth 4 : !flow.stream<4x1xint<8>>
  %3 = flow.fifo @fc %c depth 4 : !flow.stream<4x1xint<8>>
  %b = flow.task "Conv2D" @b(%3) layers ["/b"] {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 2000:2000:2000, bram18 0:0:0, synth_ms 3000:3000:3000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %4 = flow.fifo @fb %b depth 4 : !flow.stream<4x1xint<8>>
  %e = flow.task "Conv2D" @c(%4) layers ["/c"] {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 2000:2000:2000, bram18 0:0:0, synth_ms 3000:3000:3000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %5 = flow.fifo @fd %e depth 4 : !flow.stream<4x1xint<8>>
  %j = flow.task "Add" @join(%5, %2) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 1000:1000:1000, "test">} : (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %j : !flow.stream<4x1xint<8>>
}
