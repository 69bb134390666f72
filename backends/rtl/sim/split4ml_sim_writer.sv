// The tokens that a task writes to a stream, one after the other, as they were recorded.
`default_nettype none
module split4ml_sim_writer #(
    parameter WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst_n,
    input  wire [31:0]      stream,
    input  wire             next,    // the token is written in this cycle
    output wire [WIDTH-1:0] tdata
);
  /* verilator no_inline_module */
  import split4ml_dpi::*;
  localparam WORDS = (WIDTH + 63) / 64;
  logic [64*WORDS-1:0] token;
  longint unsigned index;
  always @(posedge clk) begin
    if (!rst_n) begin
      index <= 64'd0;
      for (int w = 0; w < WORDS; w = w + 1) token[64*w+:64] <= split4ml_token(stream, 64'd0, w);
    end else if (next) begin
      index <= index + 64'd1;
      for (int w = 0; w < WORDS; w = w + 1) token[64*w+:64] <= split4ml_token(stream, index + 64'd1, w);
    end
  end
  assign tdata = token[WIDTH-1:0];
endmodule
`default_nettype wire
