// RUN: split4ml opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s
// One case per rule of dialects/flow_verify.py and of the types.

// a stream with two consumers
// CHECK: what flow.task @a produces has 2: flow.fifo @f, flow.fifo @g
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @f %0 depth 1 : !flow.stream<4x1xint<8>>
  %2 = flow.fifo @g %0 depth 1 : !flow.stream<4x1xint<8>>
  %3 = flow.task "Add" @b(%1, %2) : (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %3 : !flow.stream<4x1xint<8>>
}

// -----

// a stream with no consumer
// CHECK: what flow.task @a produces has 0: none
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0, %1 = flow.task "Clone" @a(%i) : (!flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>)
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// token counts that disagree
// CHECK: flow.task @a is a Add, whose streams must all carry the same tokens and elements, but they carry 4 x 1, 5 x 1.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %j = flow.input @z : !flow.stream<5x1xint<8>>
  %0 = flow.task "Add" @a(%i, %j) : (!flow.stream<4x1xint<8>>, !flow.stream<5x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// element counts that disagree
// CHECK: flow.task @a is a Clone, whose streams must all carry the same tokens and elements, but they carry 4 x 1, 4 x 2.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0, %1 = flow.task "Clone" @a(%i) : (!flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x2xint<8>>)
  flow.output @y %0 : !flow.stream<4x1xint<8>>
  flow.output @z %1 : !flow.stream<4x2xint<8>>
}

// -----

// element types that differ across a link
// CHECK: operand is used with type !flow.stream<4 x 1 x int<9>>, but has been previously used or defined with type !flow.stream<4 x 1 x int<8>>
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @f %0 depth 1 : !flow.stream<4x1xint<9>>
  %2 = flow.task "Relu" @b(%1) : (!flow.stream<4x1xint<9>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %2 : !flow.stream<4x1xint<8>>
}

// -----

// a stream of no tokens
// CHECK: A stream carries at least one token a frame, not 0.
"test.op"() : () -> !flow.stream<0x1xint<8>>

// -----

// an element type of no bits
// CHECK: an element has 1 to 1024 bits, not 0
"test.op"() : () -> !flow.stream<1x1xint<0>>

// -----

// timing that nobody can know
// CHECK: flow.task @a must say from where its timing is known: measured or report.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) {known = {ii = 3}} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// CHECK: flow.task @a has an impossible known ii of 0 : i64.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) {known = {source = "measured", ii = 0}} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// CHECK: flow.task @a knows "depth", which is neither ii nor latency.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) {known = {source = "report", depth = 5}} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// a depth below the minimum
// CHECK: flow.fifo @f has depth 0; the minimum is 1.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @f %0 depth 0 : !flow.stream<4x1xint<8>>
  %2 = flow.task "Relu" @b(%1) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %2 : !flow.stream<4x1xint<8>>
}

// -----

// an unknown FIFO style
// CHECK: flow.fifo @f has style 'velvet', which is none of shift, memory, lutram, bram, uram.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @f %0 depth 2 style "velvet" : !flow.stream<4x1xint<8>>
  %2 = flow.task "Relu" @b(%1) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %2 : !flow.stream<4x1xint<8>>
}

// -----

// a name used twice, in two scopes
// CHECK: The name "a" is used twice in flow.model @m, by flow.input and by flow.task.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @a : !flow.stream<4x1xint<8>>
  %0 = flow.subgraph @s (%p = %i : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>) {
    %q = flow.task "Relu" @a(%p) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
    flow.yield %q : !flow.stream<4x1xint<8>>
  }
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// an empty subgraph
// CHECK: flow.subgraph @s is empty; a subgraph holds at least one task.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.subgraph @s (%p = %i : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>) {
    flow.yield %p : !flow.stream<4x1xint<8>>
  }
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// a port wider than 4096 bits
// CHECK: An input port of flow.subgraph @s is 4104 bits wide; a port may have at most 4096.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<1x513xint<8>>
  %0 = flow.subgraph @s (%p = %i : !flow.stream<1x513xint<8>>) -> (!flow.stream<4x1xint<8>>) {
    %q = flow.task "Dense" @a(%p) : (!flow.stream<1x513xint<8>>) -> !flow.stream<4x1xint<8>>
    flow.yield %q : !flow.stream<4x1xint<8>>
  }
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// an unconnected port
// CHECK: flow.subgraph @s has output port 1 unconnected.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0, %1 = flow.subgraph @s (%p = %i : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>) {
    %q, %r = flow.task "Clone" @a(%p) : (!flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>)
    flow.yield %q, %r : !flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>
  }
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// a task outside every subgraph
// CHECK: flow.task @b is in no subgraph, though flow.model @m is partitioned.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.subgraph @s (%p = %i : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>) {
    %q = flow.task "Relu" @a(%p) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
    flow.yield %q : !flow.stream<4x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 1 : !flow.stream<4x1xint<8>>
  %2 = flow.task "Relu" @b(%1) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %2 : !flow.stream<4x1xint<8>>
}

// -----

// a link between subgraphs without a FIFO
// CHECK: flow.subgraph @t is linked to flow.subgraph @s without a FIFO between them.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.subgraph @s (%p = %i : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>) {
    %q = flow.task "Relu" @a(%p) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
    flow.yield %q : !flow.stream<4x1xint<8>>
  }
  %1 = flow.subgraph @t (%p = %0 : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>) {
    %q = flow.task "Relu" @b(%p) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
    flow.yield %q : !flow.stream<4x1xint<8>>
  }
  flow.output @y %1 : !flow.stream<4x1xint<8>>
}

// -----

// a cut where none can be
// CHECK: flow.fifo @f lies on a boundary but cannot be cut: in-place Reshape.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.subgraph @s (%p = %i : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>) {
    %q = flow.task "Relu" @a(%p) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
    flow.yield %q : !flow.stream<4x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 1 uncuttable "in-place Reshape" : !flow.stream<4x1xint<8>>
  %2 = flow.subgraph @t (%p = %1 : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>) {
    %q = flow.task "Relu" @b(%p) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
    flow.yield %q : !flow.stream<4x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<4x1xint<8>>
}

// -----

// a boundary FIFO inside a subgraph
// CHECK: flow.fifo @f lies on a boundary but stands inside flow.subgraph @s.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.subgraph @s (%p = %i : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>) {
    %q = flow.task "Relu" @a(%p) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
    %r = flow.fifo @f %q depth 1 : !flow.stream<4x1xint<8>>
    flow.yield %r : !flow.stream<4x1xint<8>>
  }
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// a depth above the maximum
// CHECK: flow.fifo @f has depth 16777217; the maximum is 16777216.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @f %0 depth 16777217 : !flow.stream<4x1xint<8>>
  %2 = flow.task "Relu" @b(%1) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %2 : !flow.stream<4x1xint<8>>
}

// -----

// a start protocol that does not exist
// CHECK: flow.model @m has start 'hold', which is none of per-frame, held.
flow.model @m archive("m.fml", "sha256:00") attributes {start = "hold"} {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// a partition attribute of another making
// CHECK: flow.model @m has a partition attribute that `partition` did not make:
flow.model @m archive("m.fml", "sha256:00") attributes {partition = {}} {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// a subgraph named by a keyword
// CHECK: flow.subgraph @module has no legal name:
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.subgraph @module (%p = %i : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>) {
    %q = flow.task "Relu" @a(%p) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
    flow.yield %q : !flow.stream<4x1xint<8>>
  }
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// an SLR that no device has
// CHECK: flow.subgraph @s is in SLR 77, which no device has.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.subgraph @s slr 77 (%p = %i : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>) {
    %q = flow.task "Relu" @a(%p) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
    flow.yield %q : !flow.stream<4x1xint<8>>
  }
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// names that differ in case only
// CHECK: The name "A" is used twice in flow.model @m, by flow.task and by flow.task.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @f %0 depth 1 : !flow.stream<4x1xint<8>>
  %2 = flow.task "Relu" @A(%1) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %2 : !flow.stream<4x1xint<8>>
}

// -----

// an order that is no permutation
// CHECK: flow.input @x has order [0, 0], which is no permutation of 2 axes.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x shape [4, 1] order [0, 0] : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// a layout that the stream does not carry
// CHECK: flow.input @x has shape [1, 5] in order [0, 1], but its stream carries 4 tokens of 1 elements.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x shape [1, 5] order [0, 1] : !flow.stream<4x1xint<8>>
  %0 = flow.task "Relu" @a(%i) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %0 : !flow.stream<4x1xint<8>>
}

// -----

// tasks in a cycle
// CHECK: The tasks of flow.model @m form a cycle: flow.task @b -> flow.fifo @f -> flow.task @b.
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %1 = flow.fifo @f %2 depth 1 : !flow.stream<4x1xint<8>>
  %2, %3 = flow.task "Add" @b(%i, %1) : (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>)
  flow.output @y %3 : !flow.stream<4x1xint<8>>
}

// -----

// a subgraph that is not convex
// CHECK: flow.subgraph @s is not convex: a path leaves and re-enters it:
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %1 = flow.fifo @f %0 depth 1 : !flow.stream<4x1xint<8>>
  %2 = flow.fifo @g %1 depth 1 : !flow.stream<4x1xint<8>>
  %0, %3 = flow.subgraph @s (%p = %i : !flow.stream<4x1xint<8>>, %z = %2 : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>) {
    %q, %w = flow.task "Clone" @a(%p) : (!flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>)
    %r = flow.fifo @h %q depth 1 : !flow.stream<4x1xint<8>>
    %o = flow.task "Add" @c(%r, %z) : (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
    flow.yield %w, %o : !flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>
  }
  flow.output @y %3 : !flow.stream<4x1xint<8>>
}

// -----

// a cyclic quotient
// CHECK: The subgraphs of flow.model @m depend on each other in a cycle:
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %0, %3 = flow.subgraph @s (%p = %i : !flow.stream<4x1xint<8>>, %z = %2 : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>) {
    %q, %w = flow.task "Clone" @a(%p) : (!flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>)
    %r = flow.fifo @h %q depth 1 : !flow.stream<4x1xint<8>>
    %o = flow.task "Add" @c(%r, %z) : (!flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
    flow.yield %w, %o : !flow.stream<4x1xint<8>>, !flow.stream<4x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 1 : !flow.stream<4x1xint<8>>
  %4 = flow.subgraph @t (%p = %1 : !flow.stream<4x1xint<8>>) -> (!flow.stream<4x1xint<8>>) {
    %q = flow.task "Relu" @b(%p) : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
    flow.yield %q : !flow.stream<4x1xint<8>>
  }
  %2 = flow.fifo @g %4 depth 1 : !flow.stream<4x1xint<8>>
  flow.output @y %3 : !flow.stream<4x1xint<8>>
}

