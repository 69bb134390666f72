// The register slice at a port of a twin: two beats, one cycle.
`default_nettype none
module split4ml_sim_slice #(
    parameter WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst_n,
    input  wire [31:0]      id,
    input  wire [WIDTH-1:0] s_tdata,
    input  wire             s_tvalid,
    output wire             s_tready,
    output wire [WIDTH-1:0] m_tdata,
    output wire             m_tvalid,
    input  wire             m_tready
);
  /* verilator no_inline_module */
  wire [31:0] held;
  split4ml_fifo_shift #(
      .WIDTH(WIDTH),
      .STORAGE(2)
  ) beats (
      .clk(clk),
      .rst_n(rst_n),
      .depth(32'd2),
      .s_tdata(s_tdata),
      .s_tvalid(s_tvalid),
      .s_tready(s_tready),
      .m_tdata(m_tdata),
      .m_tvalid(m_tvalid),
      .m_tready(m_tready),
      .held(held)
  );
  split4ml_sim_monitor monitor (
      .clk(clk),
      .rst_n(rst_n),
      .id(id),
      .held(held),
      .push(s_tvalid & s_tready),
      .pop(m_tvalid & m_tready)
  );
endmodule
`default_nettype wire
