// A FIFO whose depth and style are data of the run, that of channel `id`; at most DEPTH deep,
// or SHIFT_DEPTH as a shift register. LINK: of depth 0, it is wires; then register slices must be on both sides.
`default_nettype none
module split4ml_sim_fifo #(
    parameter WIDTH = 8,
    parameter DEPTH = 16,
    parameter SHIFT_DEPTH = DEPTH,
    parameter LINK = 0
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
  import split4ml_dpi::*;
  logic [31:0] depth;
  logic is_memory;
  initial begin
    depth = split4ml_depth(id);
    is_memory = split4ml_is_memory(id);
  end

  wire is_wire = LINK != 0 && depth == 0;
  wire [WIDTH-1:0] shift_data, memory_data;
  wire shift_valid, memory_valid, shift_ready, memory_ready;
  wire [31:0] shift_held, memory_held;
  split4ml_fifo_shift #(
      .WIDTH(WIDTH),
      .STORAGE(SHIFT_DEPTH)
  ) shift (
      .clk(clk),
      .rst_n(rst_n),
      .depth(depth),
      .s_tdata(s_tdata),
      .s_tvalid(s_tvalid & !is_memory & !is_wire),
      .s_tready(shift_ready),
      .m_tdata(shift_data),
      .m_tvalid(shift_valid),
      .m_tready(m_tready),
      .held(shift_held)
  );
  split4ml_fifo_memory #(
      .WIDTH(WIDTH),
      .STORAGE(DEPTH)
  ) memory (
      .clk(clk),
      .rst_n(rst_n),
      .depth(depth),
      .s_tdata(s_tdata),
      .s_tvalid(s_tvalid & is_memory),
      .s_tready(memory_ready),
      .m_tdata(memory_data),
      .m_tvalid(memory_valid),
      .m_tready(m_tready),
      .held(memory_held)
  );
  assign s_tready = is_wire ? m_tready : is_memory ? memory_ready : shift_ready;
  assign m_tvalid = is_wire ? s_tvalid : is_memory ? memory_valid : shift_valid;
  assign m_tdata  = is_wire ? s_tdata : is_memory ? memory_data : shift_data;

  split4ml_sim_monitor monitor (
      .clk(clk),
      .rst_n(rst_n),
      .id(id),
      .held(is_memory ? memory_held : shift_held),
      .push(s_tvalid & s_tready),
      .pop(m_tvalid & m_tready)
  );
endmodule
`default_nettype wire
