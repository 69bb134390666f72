// RUN: split4ml opt %s -p 'partition{minimise=bits,time subgraphs=2}' | filecheck %s --check-prefix=ORDER
// RUN: split4ml opt %s -p 'partition{weigh="time=1","bits=0.1" at-most="subgraphs=3"}' | filecheck %s --check-prefix=WEIGH
// RUN: split4ml opt %s -p 'partition{subgraphs=2 at-most="bits=32"}' | filecheck %s --check-prefix=ATMOST
// RUN: split4ml opt %s -p 'partition{subgraphs=2 slack=20}' | filecheck %s --check-prefix=SLACK
// RUN: split4ml opt %s -p 'partition{subgraphs=2 keep-apart="a+b"}' | filecheck %s --check-prefix=APART
// RUN: split4ml opt %s -p 'partition{subgraphs=2 never-cut="fb"}' | filecheck %s --check-prefix=NEVER
// RUN: split4ml opt %s -p 'partition{subgraphs=2 cut="c->join"}' | filecheck %s --check-prefix=CUT
// RUN: split4ml opt %s -p 'partition{cut-points="/b" subgraphs=2}' | filecheck %s --check-prefix=POINTS
// RUN: split4ml opt %s -p 'partition{pin="join=2" subgraphs=3}' | filecheck %s --check-prefix=PIN
// RUN: split4ml opt %s -p 'partition{subgraphs=3 jobs=2}' | filecheck %s --check-prefix=JOBS
// Objectives in an order or weighed, bounds on them, and wishes for tasks and streams.

// Nothing crosses less than the one stream behind `a` or before `join`; of the two, the one behind `a` is found first.
// ORDER: objectives = ["bits", "time"]
// ORDER: flow.subgraph @sg1

// WEIGH: objectives = ["time", "bits", "time", "bits"]

// A second stream may not cross: the skip connection stays whole.
// ATMOST: crossing_bits = 32

// Both convolutions in one subgraph cost a fifth more time, and half of the bits.
// SLACK: crossing_bits = 32

// APART: @a(
// APART: flow.subgraph @sg1
// APART: @b(

// NEVER: @b(
// NEVER-NOT: flow.subgraph @sg1
// NEVER: @fb %

// CUT: flow.subgraph @sg0
// CUT: @c(
// CUT: flow.subgraph @sg1
// CUT: @join(

// A subgraph may begin at /b, or at the fork that was inserted before it.
// POINTS: flow.subgraph @sg1
// POINTS: @b(

// PIN: flow.subgraph @sg2
// PIN: @join(

// Three projects of 22 s and more on two machines.
// JOBS: starts_ms = [{{.*}}]
// JOBS-SAME: jobs = 2
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %a = flow.task "Activation" @a(%i) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 1000:1000:1000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @fa %a depth 4 : !flow.stream<4x1xint<8>>
  %c, %d = flow.task "Clone" @fork(%1) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 0:0:0, "test">} : (!flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>)
  %2 = flow.fifo @skip %d depth 4 : !flow.stream<4x1xint<8>>
  %3 = flow.fifo @fc %c depth 4 : !flow.stream<4x1xint<8>>
  %b = flow.task "Conv2D" @b(%3) layers ["/b"] {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 5:5:5, bram18 0:0:0, synth_ms 3000:3000:3000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %4 = flow.fifo @fb %b depth 4 : !flow.stream<4x1xint<8>>
  %e = flow.task "Conv2D" @c(%4) layers ["/c"] {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 5:5:5, bram18 0:0:0, synth_ms 3000:3000:3000, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %5 = flow.fifo @fd %e depth 4 : !flow.stream<4x1xint<8>>
  %j = flow.task "Add" @join(%5, %2) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 1000:1000:1000, "test">} : (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %j : !flow.stream<4x1xint<8>>
}
