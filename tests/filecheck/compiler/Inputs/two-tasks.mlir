flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %a = flow.task "Relu" @a(%i) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 9:9:9, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @fa %a depth 4 : !flow.stream<4x1xint<8>>
  %b = flow.task "Relu" @b(%1) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 9:9:9, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %b : !flow.stream<4x1xint<8>>
}
