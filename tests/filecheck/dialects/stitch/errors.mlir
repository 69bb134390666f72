// RUN: split4ml opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s
// One case per rule of dialects/stitch_verify.py and of the type.

// no flow.model of that name
// CHECK: stitch.design @m_top is of @m, but there is no such flow.model
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// an output port that is unconnected
// CHECK: Port 'f' of stitch.instance @sg0 is unconnected
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %q = stitch.input @x2 : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %3 = stitch.instance @sg1 (f = %q : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a port that is connected twice
// CHECK: Port 'y' of stitch.instance @sg1 is connected twice, to stitch.output @y and stitch.output @z
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
  stitch.output @z %3 : !stitch.axis<8x8>
}

// -----

// an input that leads straight to an output
// CHECK: stitch.input @x2 must lead to an instance, not to stitch.output @z
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
  %4 = stitch.input @x2 : !stitch.axis<8x8>
  stitch.output @z %4 : !stitch.axis<8x8>
}

// -----

// a link behind a link
// CHECK: stitch.link @f must lead to an instance, not to stitch.link @g
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %r = stitch.link @g %2 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %r : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// instances that are joined without a link
// CHECK: Port 'f' of stitch.instance @sg0 must lead to a link or an output, not to stitch.instance @sg1
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %3 = stitch.instance @sg1 (f = %1 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a width that differs from the stream's
// CHECK: Port 'x' of stitch.design @m_top has 16 bits and 8 beats, but its stream takes 8 bits and 8 beats
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<16x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<16x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a beat count that differs from the stream's
// CHECK: Port 'y' of stitch.design @m_top has 8 bits and 9 beats, but its stream takes 8 bits and 8 beats
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x9>)
  stitch.output @y %3 : !stitch.axis<8x9>
}

// -----

// a width that differs between two subgraphs
// CHECK: Port 'f' of stitch.instance @sg0 has 16 bits and 8 beats, but its stream takes 8 bits and 8 beats
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<16x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<16x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<16x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// types that differ across a use
// CHECK: operand is used with type !stitch.axis<16 x 8>, but has been previously used or defined with type !stitch.axis<8 x 8>
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<16x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a wire that holds something, or a FIFO that holds nothing
// CHECK: stitch.link @f has depth 0 and style 'shift'; a wire has depth 0
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 0 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a depth that is not the FIFO's
// CHECK: stitch.link @f has depth 3 and style shift, but flow.fifo @f has depth 2 and style shift
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 3 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a style that does not exist
// CHECK: stitch.link @f has style 'velvet', which is none of shift, memory, lutram, bram, uram
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "velvet" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a name that is used twice
// CHECK: The name "x" is used twice in stitch.design @m_top, by stitch.input and by stitch.output
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @x %3 : !stitch.axis<8x8>
}

// -----

// two names that differ only in case
// CHECK: The name "X" is used twice in stitch.design @m_top, by stitch.input and by stitch.output
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @X %3 : !stitch.axis<8x8>
}

// -----

// a name that is reserved in SystemVerilog
// CHECK: stitch.output @wire has no legal or a reserved name
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @wire %3 : !stitch.axis<8x8>
}

// -----

// a port that is reserved
// CHECK: stitch.instance @sg1 has a port 'ap_clk', which is no legal or a reserved name
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (ap_clk : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// an instance with two ports of one name
// CHECK: stitch.instance @sg1 has two ports 'f'
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a port that is not called as its stream
// CHECK: Port 'z' of stitch.instance @sg1 is connected to stitch.output @y; a port has the name of its stream
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (z : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// an instance of no subgraph
// CHECK: differ in the subgraphs @sg1, @sg2
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg2 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a link that is no FIFO of the model
// CHECK: stitch.instance @sg0 and its flow.model differ in the ports f, g
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (g : !stitch.axis<8x8>)
  %2 = stitch.link @g %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (g = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a clock without a period
// CHECK: stitch.design @m_top has a clock period of 0 ps
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 0 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a start protocol that does not exist
// CHECK: start protocol 'once', which is none of per-frame, held
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "once" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a design without anything
// CHECK: expected a single block, but got 0 blocks
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
}

// -----

// an op of another dialect
// CHECK: 'flow.input' expects parent op 'flow.model'
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %b = flow.task "Relu" @a(%a) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %b : !flow.stream<8x1xint<8>>
  }
  %1 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %2 = flow.subgraph @sg1 (%c = %1 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %d = flow.task "Relu" @b(%c) : (!flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %d : !flow.stream<8x1xint<8>>
  }
  flow.output @y %2 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
  %9 = flow.input @z : !flow.stream<8x1xint<8>>
}

// -----

// TDATA wider than a port may be
// CHECK: TDATA is 4104 bits wide; a port may have at most 4096
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<4104x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// TDATA that is no whole number of bytes
// CHECK: TDATA is a whole number of bytes wide, not 12 bits
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<12x8>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// a stream without beats
// CHECK: An AXI4-Stream carries at least one beat a frame, not 0
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x0>
  %1 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>)
  %2 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %3 = stitch.instance @sg1 (f = %2 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %3 : !stitch.axis<8x8>
}

// -----

// links that change places
// CHECK: Port 'f' of stitch.instance @sg1 is connected to stitch.link @g; a port has the name of its stream
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<8x1xint<8>>
  %0, %1 = flow.subgraph @sg0 (%a = %i : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>, !flow.stream<8x1xint<8>>) {
    %b, %c = flow.task "Clone" @a(%a) : (!flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>, !flow.stream<8x1xint<8>>)
    flow.yield %b, %c : !flow.stream<8x1xint<8>>, !flow.stream<8x1xint<8>>
  }
  %2 = flow.fifo @f %0 depth 2 : !flow.stream<8x1xint<8>>
  %3 = flow.fifo @g %1 depth 2 : !flow.stream<8x1xint<8>>
  %4 = flow.subgraph @sg1 (%d = %2 : !flow.stream<8x1xint<8>>, %e = %3 : !flow.stream<8x1xint<8>>) -> (!flow.stream<8x1xint<8>>) {
    %h = flow.task "Add" @b(%d, %e) : (!flow.stream<8x1xint<8>>, !flow.stream<8x1xint<8>>) -> !flow.stream<8x1xint<8>>
    flow.yield %h : !flow.stream<8x1xint<8>>
  }
  flow.output @y %4 : !flow.stream<8x1xint<8>>
}
stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = stitch.input @x : !stitch.axis<8x8>
  %1, %2 = stitch.instance @sg0 (x = %0 : !stitch.axis<8x8>) -> (f : !stitch.axis<8x8>, g : !stitch.axis<8x8>)
  %3 = stitch.link @f %1 depth 2 style "shift" : !stitch.axis<8x8>
  %4 = stitch.link @g %2 depth 2 style "shift" : !stitch.axis<8x8>
  %5 = stitch.instance @sg1 (f = %4 : !stitch.axis<8x8>, g = %3 : !stitch.axis<8x8>) -> (y : !stitch.axis<8x8>)
  stitch.output @y %5 : !stitch.axis<8x8>
}
