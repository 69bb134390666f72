// RUN: not split4ml opt %s 2>&1 | filecheck %s --check-prefix=PLACE
// RUN: not split4ml opt %s -p 'partition{subgraphs=many}' 2>&1 | filecheck %s --check-prefix=OPTION
// RUN: not split4ml opt %s -p 'partitoin' 2>&1 | filecheck %s --check-prefix=PASS
// RUN: split4ml opt %s --verify-diagnostics | filecheck %s --check-prefix=EXPECTED
// A verifier's message names line and column, and shows the line, not xDSL's printout of the module.

// PLACE:        error: {{.*}}opt-errors.mlir:22:3: flow.fifo @f has depth 0; the minimum is 1.
// PLACE-NEXT:   %1 = flow.fifo @f %0 depth 0
// PLACE-NEXT:   ^^

// OPTION:       error: -p:1:11: partition: subgraphs is many, but must be integer|auto
// OPTION-NEXT:  partition{subgraphs=many}
// OPTION-NEXT:  {{^ *}}^^^^^^^^^

// PASS:         error: -p:1:1: there is no pass 'partitoin'
// PASS:         help: did you mean 'partition'?

// EXPECTED:     flow.fifo @f has depth 0; the minimum is 1.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @f %0 depth 0 : !flow.stream<4x1xint<8>>
  %2 = flow.task "Relu" @b(%1) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %2 : !flow.stream<4x1xint<8>>
}
