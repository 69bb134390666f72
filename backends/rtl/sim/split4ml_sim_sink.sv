// Takes an output of the top, when its stall pattern lets it, and compares every beat with the recording.
`default_nettype none
module split4ml_sim_sink #(
    parameter WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst_n,
    input  wire [31:0]      id,
    input  wire [31:0]      stream,
    input  wire [WIDTH-1:0] tdata,
    input  wire             tvalid,
    output wire             tready
);
  /* verilator no_inline_module */
  import split4ml_dpi::*;
  localparam WORDS = (WIDTH + 63) / 64;
  logic takes;
  logic [64*WORDS-1:0] token;
  always_comb begin
    token = '0;
    token[WIDTH-1:0] = tdata;
  end
  assign tready = takes & rst_n;
  always @(posedge clk) begin
    takes <= split4ml_takes(id);
    if (rst_n & tvalid & tready)
      for (int w = 0; w < WORDS; w = w + 1) split4ml_taken(id, stream, w, token[64*w+:64]);
  end
endmodule
`default_nettype wire
