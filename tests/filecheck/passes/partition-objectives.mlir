// RUN: split4ml opt %s -p 'partition{minimise=latency,time subgraphs=3}' | filecheck %s --check-prefix=LATENCY
// RUN: split4ml opt %s -p 'partition{minimise=balance subgraphs=2}' | filecheck %s --check-prefix=BALANCE
// RUN: split4ml opt %s -p 'partition{minimise=subgraphs,time}' | filecheck %s --check-prefix=FEWEST
// RUN: split4ml opt %s -p 'partition{minimise=utilisation,bits subgraphs=2 device=pynq-z2}' | filecheck %s --check-prefix=UTILISATION
// RUN: split4ml opt %s -p 'partition{subgraphs=auto}' | filecheck %s --check-prefix=AUTO
// RUN: split4ml opt %s -p 'partition{subgraphs=2 memory=24}' | filecheck %s --check-prefix=MEMORY
// RUN: split4ml opt %s -p 'partition{subgraphs=2 memory=64}' | filecheck %s --check-prefix=ROOMY
// RUN: split4ml opt %s -p 'partition{subgraphs=2 budget-by=high minimise=bits dsp=12}' | filecheck %s --check-prefix=HIGH
// RUN: split4ml opt %s -p 'partition{subgraphs=2 minimise=bits dsp=12}' | filecheck %s --check-prefix=ESTIMATE
// RUN: split4ml opt %s -p 'partition{subgraphs=2 minimise=bits lut=900}' | filecheck %s --check-prefix=LUT
// RUN: split4ml opt %s -p 'partition{subgraphs=2 minimise=bits ff=900}' | filecheck %s --check-prefix=LUT
// RUN: split4ml opt %s -p 'partition{subgraphs=2 minimise=bits bram18=3}' | filecheck %s --check-prefix=LUT
// RUN: split4ml opt %s -p 'partition{subgraphs=2 minimise=bits at-most="balance=24"}' | filecheck %s --check-prefix=LUT
// RUN: split4ml opt %s -p 'partition{subgraphs=2 minimise=bits at-most="utilisation=3" device=pynq-z2}' | filecheck %s --check-prefix=LUT
// RUN: not split4ml opt %s -p 'partition{subgraphs=3 at-most="latency=3"}' 2>&1 | filecheck %s --check-prefix=CYCLES
// RUN: not split4ml opt %s -p 'partition{subgraphs=2 at-most="utilisation=1" device=pynq-z2}' 2>&1 | filecheck %s --check-prefix=SHARE
// RUN: not split4ml opt %s -p 'partition{subgraphs=2 memory=8}' 2>&1 | filecheck %s --check-prefix=GIB

// Every objective, number and budget on a chain of `a`, two convolutions of 3 s, and a skip connection to `join`.

// Of three subgraphs in a row, two boundaries lie on the longest path, whatever is done.
// LATENCY: objectives = ["latency", "time"], values = {{{.*}}latency = 6
// The lightest subgraph as heavy as can be: a convolution in each.
// BALANCE: values = {{{.*}}balance = 26000
// FEWEST: values = {{{.*}}subgraphs = 1
// Half of the DSPs each.
// UTILISATION: objectives = ["utilisation", "bits"], values = {{{.*}}utilisation = 22728
// AUTO: values = {{{.*}}subgraphs = 2
// 12 GiB for each convolution: one job after the other, or both at once.
// MEMORY: loads_ms = [23000 : i64, 29000 : i64], starts_ms = [29000 : i64, 0 : i64]
// ROOMY: starts_ms = [0 : i64, 0 : i64]
// The upper ends of both convolutions are 10 DSPs each, so they must part; their estimates fit together.
// HIGH: crossing_bits = 64
// ESTIMATE: crossing_bits = 32
// LUT: crossing_bits = 64
// CYCLES: no split meets all of these together: 3 subgraphs; at most 3 cycles of added latency
// CYCLES-NEXT: help: with all else kept, 2 subgraphs, or 6 cycles of added latency would do
// SHARE: b: task b alone needs 5 dsp after synthesis, 3 over the 2 that the bound on utilisation allows
// SHARE-NEXT: help: make the layer smaller, or reuse its multipliers more; with all else kept, a utilisation of {{2.2[0-9]+}} % would do
// GIB: b: task b alone needs 12.16 GiB of synthesis memory, and there are 8 GiB
// GIB-NEXT: help: make the layer smaller, or reuse its multipliers more; with all else kept, 12.16 GiB of it would do
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %a = flow.task "Activation" @a(%i) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 1000:1000:1000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @fa %a depth 4 : !flow.stream<4x1xint<8>>
  %c, %d = flow.task "Clone" @fork(%1) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 0:0:0, "test">} : (!flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>)
  %2 = flow.fifo @skip %d depth 4 : !flow.stream<4x1xint<8>>
  %3 = flow.fifo @fc %c depth 4 : !flow.stream<4x1xint<8>>
  %b = flow.task "Conv2D" @b(%3) layers ["/b"] {cost = #flow.cost<hls, lut 500:500:500, ff 500:500:500, dsp 5:5:10, bram18 2:2:2, synth_ms 3000:3000:3000, synth_mb 12000:12000:12000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %4 = flow.fifo @fb %b depth 4 : !flow.stream<4x1xint<8>>
  %e = flow.task "Conv2D" @c(%4) layers ["/c"] {cost = #flow.cost<hls, lut 500:500:500, ff 500:500:500, dsp 5:5:10, bram18 2:2:2, synth_ms 3000:3000:3000, synth_mb 12000:12000:12000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %5 = flow.fifo @fd %e depth 4 : !flow.stream<4x1xint<8>>
  %j = flow.task "Add" @join(%5, %2) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 1000:1000:1000, "test">} : (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %j : !flow.stream<4x1xint<8>>
}
