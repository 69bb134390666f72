// A FIFO in a memory with an output register, with AXI4-Stream faces: a beat can be taken two cycles after it was
// accepted. The beat in the output register counts: `depth` beats are held in all, STORAGE of them in the memory,
// so 1 <= depth <= STORAGE + 1.
//
// `depth` is a port so that a simulation can set it at run time; in hardware it is a constant. Ready and valid are
// registers: a full FIFO accepts nothing in the cycle of a read.
`default_nettype none
module split4ml_fifo_memory #(
    parameter WIDTH = 8,
    parameter STORAGE = 2,
    /* verilator lint_off UNUSEDPARAM */
    parameter RAM_STYLE = "auto"
    /* verilator lint_on UNUSEDPARAM */
) (
    input  wire             clk,
    input  wire             rst_n,
    input  wire [31:0]      depth,
    input  wire [WIDTH-1:0] s_tdata,
    input  wire             s_tvalid,
    output wire             s_tready,
    output wire [WIDTH-1:0] m_tdata,
    output wire             m_tvalid,
    input  wire             m_tready,
    output wire [31:0]      held
);
  localparam COUNT_BITS = $clog2(STORAGE + 2);
  localparam INDEX_BITS = STORAGE > 1 ? $clog2(STORAGE) : 1;

  (* ram_style = RAM_STYLE *) logic [WIDTH-1:0] memory[0:STORAGE-1];
  logic [INDEX_BITS-1:0] head, tail;
  logic [COUNT_BITS-1:0] count;  // in the memory and in the output register
  logic stored_n;  // the memory holds a beat
  logic out_valid, full_n;
  logic [WIDTH-1:0] out;

  wire push = s_tvalid & full_n;
  wire pop = m_tready & out_valid;
  wire fetch = stored_n & (!out_valid | pop);
  wire [31:0] present = {{(32 - COUNT_BITS) {1'b0}}, count};
  wire [31:0] after = present + {31'd0, push} - {31'd0, pop};
  wire out_after = fetch | (out_valid & !pop);

  function automatic [INDEX_BITS-1:0] following(input [INDEX_BITS-1:0] index);
    following = {{(32 - INDEX_BITS) {1'b0}}, index} == STORAGE - 1 ? '0 : index + 1'b1;
  endfunction

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      head      <= '0;
      tail      <= '0;
      count     <= '0;
      stored_n  <= 1'b0;
      out_valid <= 1'b0;
      full_n    <= 1'b1;
    end else begin
      if (push) tail <= following(tail);
      if (fetch) head <= following(head);
      count     <= after[COUNT_BITS-1:0];
      stored_n  <= after != {31'd0, out_after};
      out_valid <= out_after;
      full_n    <= after < depth;
    end
  end

  always_ff @(posedge clk) begin
    if (push) memory[tail] <= s_tdata;
    if (fetch) out <= memory[head];
  end

  assign s_tready = full_n;
  assign m_tvalid = out_valid;
  assign m_tdata = out;
  assign held = present;
endmodule
`default_nettype wire
