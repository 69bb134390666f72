// Watches one FIFO: the most it held, and its signals cycle by cycle if asked for.
`default_nettype none
module split4ml_sim_monitor (
    input wire        clk,
    input wire        rst_n,
    input wire [31:0] id,
    input wire [31:0] held,
    input wire        push,
    input wire        pop
);
  /* verilator no_inline_module */
  import split4ml_dpi::*;
  logic probing;
  logic [31:0] peak;
  initial probing = split4ml_probing();

  wire [31:0] after = held + {31'd0, push} - {31'd0, pop};
  always_ff @(posedge clk) begin
    if (!rst_n) peak <= 32'd0;
    else begin
      if (after > peak) peak <= after;
      if (probing) split4ml_probe(id, held, push, pop);
    end
  end
  final split4ml_peak(id, peak);
endmodule
`default_nettype wire
