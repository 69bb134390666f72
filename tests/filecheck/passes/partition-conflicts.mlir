// RUN: not split4ml opt %s -p 'partition{minimise=tme}' 2>&1 | filecheck %s --check-prefix=OBJECTIVE
// RUN: not split4ml opt %s -p 'partition{at-most="time=x"}' 2>&1 | filecheck %s --check-prefix=NUMBER
// RUN: not split4ml opt %s -p 'partition{pin=b}' 2>&1 | filecheck %s --check-prefix=PIN
// RUN: not split4ml opt %s -p 'partition{pin="b=7" subgraphs=2}' 2>&1 | filecheck %s --check-prefix=FAR
// RUN: not split4ml opt %s -p 'partition{pin="b=0","b=1"}' 2>&1 | filecheck %s --check-prefix=TWICE
// RUN: not split4ml opt %s -p 'partition{pin="c=0","b=1" subgraphs=2}' 2>&1 | filecheck %s --check-prefix=ORDER
// RUN: not split4ml opt %s -p 'partition{cut=fb never-cut="b->c"}' 2>&1 | filecheck %s --check-prefix=BOTH
// RUN: not split4ml opt %s -p 'partition{cut="b->join"}' 2>&1 | filecheck %s --check-prefix=STREAM
// RUN: not split4ml opt %s -p 'partition{cut-points="conv*"}' 2>&1 | filecheck %s --check-prefix=PATTERN
// RUN: not split4ml opt %s -p 'partition{keep-together="b+c" keep-apart="b+c"}' 2>&1 | filecheck %s --check-prefix=TOGETHER
// RUN: not split4ml opt %s -p 'partition{subgraphs=6}' 2>&1 | filecheck %s --check-prefix=MANY
// RUN: not split4ml opt %s -p 'partition{subgraphs=2 at-most="time=10"}' 2>&1 | filecheck %s --check-prefix=TIME
// RUN: not split4ml opt %s -p 'partition{subgraphs=2 dsp=5 keep-together="a+join"}' 2>&1 | filecheck %s --check-prefix=CONFLICT
// RUN: not split4ml opt %s -p 'partition{keep-apart=b}' 2>&1 | filecheck %s --check-prefix=LONELY
// RUN: not split4ml opt %s -p 'partition{keep-apart="b+c" subgraphs=1}' 2>&1 | filecheck %s --check-prefix=PAIR
// RUN: not split4ml opt %s -p 'partition{minimise=[]}' 2>&1 | filecheck %s --check-prefix=NOTHING
// RUN: not split4ml opt %s -p 'partition{subgraphs=2 at-most="time=25.999"}' 2>&1 | filecheck %s --check-prefix=NEARLY
// RUN: not split4ml opt %s -p 'partition{jobs=1 at-most="time=26.5"}' 2>&1 | filecheck %s --check-prefix=JOBS
// RUN: split4ml opt %s -p 'partition{jobs=3 at-most="time=26.5"}' | filecheck %s --check-prefix=ENOUGH
// RUN: not split4ml opt %s -p 'partition{memory=0.46 at-most="time=26.5"}' 2>&1 | filecheck %s --check-prefix=MEMORY
// RUN: split4ml opt %s -p 'partition{memory=0.88 at-most="time=26.5"}' | filecheck %s --check-prefix=ENOUGH
// What cannot be: one message each, with what would do.

// OBJECTIVE: there is no objective 'tme'; did you mean 'time'?
// NUMBER: at-most: 'time=x' does not give time a number
// PIN: 'b' is no pin such as conv1=0
// FAR: b: b is pinned to subgraph 7, but with 2 subgraphs the last one is 1
// TWICE: b is pinned to subgraph 0 and to subgraph 1
// ORDER: no split meets all of these together: c in subgraph 0; b in subgraph 1
// ORDER-NEXT: help: with all else kept, c in subgraph 1, or b in subgraph 0 would do
// BOTH: fb: the stream fb is to be cut, and never to be cut
// STREAM: no stream leads from b to join
// STREAM-NEXT: behind b comes c
// PATTERN: there is no layer 'conv*'
// TOGETHER: b and c cannot be kept apart: they must share a subgraph
// MANY: 6 subgraphs are asked for, but tasks number only 5
// LONELY: b cannot be kept apart from nothing
// PAIR: no split meets all of these together: 1 subgraph; b and c kept apart
// PAIR-NEXT: help: with all else kept, 2 subgraphs, or dropping “b and c kept apart” would do
// NOTHING: there is nothing to minimise; there are time, bits
// NEARLY: no split meets all of these together: 2 subgraphs; a synthesis time of at most 25.999 s
// NEARLY-NEXT: help: with all else kept, 4 subgraphs, or a synthesis time of 26 s would do
// JOBS: no split meets all of these together: at most 1 job at once; a synthesis time of at most 26.5 s
// JOBS-NEXT: help: with all else kept, 2 jobs at once, or a synthesis time of 30 s would do
// MEMORY: no split meets all of these together: at most 0.46 GiB of synthesis memory; a synthesis time of at most 26.5 s
// MEMORY-NEXT: help: with all else kept, 0.88 GiB of it, or a synthesis time of 30 s would do
// ENOUGH: makespan_ms = 26000
// TIME: no split has a synthesis time of at most 10 s
// TIME-NEXT: help: with all else kept, a synthesis time of 26 s would do
// CONFLICT: the tasks a, fork, b, c and 1 more, which must share a subgraph, need 10 dsp, 5 over the budget of 5
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
