// Compares every token that task `reader` reads with what the C++ read.
`default_nettype none
module split4ml_sim_checker #(
    parameter WIDTH = 8
) (
    input wire             clk,
    input wire             rst_n,
    input wire [31:0]      stream,
    input wire [31:0]      reader,
    input wire             next,
    input wire [WIDTH-1:0] tdata
);
  /* verilator no_inline_module */
  import split4ml_dpi::*;
  localparam WORDS = (WIDTH + 63) / 64;
  logic [64*WORDS-1:0] token;
  always_comb begin
    token = '0;
    token[WIDTH-1:0] = tdata;
  end
  always @(posedge clk) begin
    if (rst_n & next) for (int w = 0; w < WORDS; w = w + 1) split4ml_check(stream, reader, w, token[64*w+:64]);
  end
endmodule
`default_nettype wire
