// The start FIFO of a task that another task of the subgraph starts: tokens without data, two at most.
`default_nettype none
module split4ml_sim_start_fifo (
    input  wire clk,
    input  wire rst_n,
    input  wire push,
    input  wire pop,
    output wire empty_n,
    output wire full_n
);
  logic [1:0] tokens;
  always_ff @(posedge clk) begin
    if (!rst_n) tokens <= 2'd0;
    else tokens <= tokens + {1'b0, push} - {1'b0, pop};
  end
  assign empty_n = tokens != 2'd0;
  assign full_n  = tokens < 2'd2;
endmodule
`default_nettype wire
