// The FIFO of a link between two subgraphs. MEMORY: in a memory with an output register, else in a shift register.
// RAM_STYLE: of that memory: auto, distributed, block or ultra (UG901). DEPTH 0: no FIFO, but wires; whoever is on either side has
// a register slice.
//
// Under simulation (SPLIT4ML_SIMULATION) the same two FIFOs are there, but depth and style are data that belong to
// the number ID, and SIM_DEPTH is the most that they can be.
`default_nettype none
module split4ml_fifo #(
    parameter WIDTH = 8,
    parameter DEPTH = 2,
    parameter MEMORY = 0,
    /* verilator lint_off UNUSEDPARAM */
    parameter RAM_STYLE = "auto",
    /* verilator lint_on UNUSEDPARAM */
    parameter ID = 0,
    parameter SIM_DEPTH = DEPTH
) (
    input  wire             clk,
    input  wire             rst_n,
    input  wire [WIDTH-1:0] s_tdata,
    input  wire             s_tvalid,
    output wire             s_tready,
    output wire [WIDTH-1:0] m_tdata,
    output wire             m_tvalid,
    input  wire             m_tready
);
`ifdef SPLIT4ML_SIMULATION
  // The deepest shift register: by the rule of docs/timing.md, or any if it is one against the rule.
  localparam RULE = WIDTH < 1024 ? 1024 / WIDTH : 1;
  localparam BY_RULE = MEMORY != 0 || DEPTH <= RULE;
  split4ml_sim_fifo #(
      .WIDTH(WIDTH),
      .DEPTH(SIM_DEPTH),
      .SHIFT_DEPTH(BY_RULE && RULE < SIM_DEPTH ? RULE : SIM_DEPTH),
      .LINK(1)
  ) fifo (
      .clk(clk),
      .rst_n(rst_n),
      .id(ID),
      .s_tdata(s_tdata),
      .s_tvalid(s_tvalid),
      .s_tready(s_tready),
      .m_tdata(m_tdata),
      .m_tvalid(m_tvalid),
      .m_tready(m_tready)
  );
`else
  generate
    if (DEPTH == 0) begin : wires
      assign m_tdata  = s_tdata;
      assign m_tvalid = s_tvalid;
      assign s_tready = m_tready;
    end else if (MEMORY) begin : memory
      split4ml_fifo_memory #(
          .WIDTH(WIDTH),
          .STORAGE(DEPTH > 1 ? DEPTH - 1 : 1),
          .RAM_STYLE(RAM_STYLE)
      ) fifo (
          .clk(clk),
          .rst_n(rst_n),
          .depth(DEPTH),
          .s_tdata(s_tdata),
          .s_tvalid(s_tvalid),
          .s_tready(s_tready),
          .m_tdata(m_tdata),
          .m_tvalid(m_tvalid),
          .m_tready(m_tready),
          .held()
      );
    end else begin : shift
      split4ml_fifo_shift #(
          .WIDTH(WIDTH),
          .STORAGE(DEPTH)
      ) fifo (
          .clk(clk),
          .rst_n(rst_n),
          .depth(DEPTH),
          .s_tdata(s_tdata),
          .s_tvalid(s_tvalid),
          .s_tready(s_tready),
          .m_tdata(m_tdata),
          .m_tvalid(m_tvalid),
          .m_tready(m_tready),
          .held()
      );
    end
  endgenerate
`endif
endmodule
`default_nettype wire
