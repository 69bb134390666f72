// ap_ctrl_hs of a twin (UG1399, "Block-Level Control Protocols").
//
// A root may begin while ap_start is high and it was not ready in the present transaction; ap_ready comes in the
// cycle in which every root was. ap_done comes when every task has finished a call that it has not been told for.
`default_nettype none
module split4ml_sim_control #(
    parameter ROOTS = 1,
    parameter TASKS = 1
) (
    input  wire             clk,
    input  wire             rst_n,
    input  wire             ap_start,
    output wire             ap_done,
    output wire             ap_idle,
    output wire             ap_ready,
    input  wire [ROOTS-1:0] ready,
    output wire [ROOTS-1:0] start,
    input  wire [TASKS-1:0] finishes,
    input  wire [TASKS-1:0] busy
);
  logic [ROOTS-1:0] done;
  assign start = {ROOTS{ap_start}} & ~done;
  assign ap_ready = &(done | ready);
  always_ff @(posedge clk) begin
    if (!rst_n) done <= '0;
    else done <= ap_ready ? '0 : done | ready;
  end

  wire [TASKS-1:0] finished;
  for (genvar t = 0; t < TASKS; t = t + 1) begin : task_
    logic [31:0] calls;
    assign finished[t] = finishes[t] | calls != 32'd0;
    always_ff @(posedge clk) begin
      if (!rst_n) calls <= 32'd0;
      else calls <= calls + {31'd0, finishes[t]} - {31'd0, ap_done};
    end
  end
  assign ap_done = &finished;
  assign ap_idle = ~ap_start & ~|busy;
endmodule
`default_nettype wire
