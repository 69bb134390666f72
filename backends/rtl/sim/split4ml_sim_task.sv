// One task of a twin: walks the schedule of task `id` (docs/timing.md, "Tasks").
//
// In every cycle the groups of all calls in flight are one rigid body: all of their reads and writes happen, or
// none. Which they are comes from C++ at the clock edge; whether they can happen is decided here, on the handshakes
// of the FIFOs. `reads` and `writes` are the handshakes that do happen, one bit per port.
`default_nettype none
module split4ml_sim_task (
    input  wire        clk,
    input  wire        rst_n,
    input  wire [31:0] id,
    input  wire        start,     // its start token is there
    input  wire        children,  // no start FIFO that it feeds is full
    input  wire [63:0] readable,
    input  wire [63:0] writable,
    output wire [63:0] reads,
    output wire [63:0] writes,
    output wire        begins,
    output wire        ready,
    output wire        finishes,
    output wire        busy
);
  /* verilator no_inline_module */
  import split4ml_dpi::*;
  logic [63:0] first_reads, first_writes;
  logic first_ready, first_finish;
  initial split4ml_task_first(id, first_reads, first_writes, first_ready, first_finish);

  logic idle;  // the call before was ready in an earlier cycle
  logic flying;  // a call is in flight
  logic [63:0] due_reads, due_writes;
  logic due_ready, due_finish;

  assign begins = rst_n & idle & start & children;
  wire [63:0] all_reads = due_reads | (begins ? first_reads : 64'd0);
  wire [63:0] all_writes = due_writes | (begins ? first_writes : 64'd0);
  wire advances = (flying | begins) & (all_reads & ~readable) == 64'd0 & (all_writes & ~writable) == 64'd0;
  assign reads = advances ? all_reads : 64'd0;
  assign writes = advances ? all_writes : 64'd0;
  assign ready = advances & (due_ready | (begins & first_ready));
  assign finishes = advances & (due_finish | (begins & first_finish));
  assign busy = flying | begins;

  // Outputs of DPI calls are plain variables, which the registers take over.
  longint unsigned next_reads, next_writes;
  bit next_ready, next_finish, next_flying;
  always @(posedge clk) begin
    if (!rst_n) begin
      idle <= 1'b1;
      flying <= 1'b0;
      due_reads <= 64'd0;
      due_writes <= 64'd0;
      due_ready <= 1'b0;
      due_finish <= 1'b0;
    end else begin
      idle <= ready | (idle & !begins);
      if (begins | advances) begin
        split4ml_task_step(id, begins, advances, next_reads, next_writes, next_ready, next_finish, next_flying);
        due_reads <= next_reads;
        due_writes <= next_writes;
        due_ready <= next_ready;
        due_finish <= next_finish;
        flying <= next_flying;
      end
    end
  end
  final split4ml_task_end(id, flying, due_reads & ~readable, due_writes & ~writable, idle, start, children);
endmodule
`default_nettype wire
