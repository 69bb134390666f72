// Every FIFO as hardware has it (storage for its depth alone) beside the same with more storage than depth, as a
// simulation has it, under the same random traffic: they must do the same in every cycle, and hand on every beat.
`default_nettype none
module lockstep_pair #(
    parameter DEPTH = 1,
    parameter MEMORY = 0
) (
    input wire clk,
    input wire rst_n,
    input wire [31:0] random
);
  wire offer = random[3:0] < 4'd10;
  wire take = random[10] ? random[7:4] < 4'd5 : random[7:4] < 4'd14;
  logic [15:0] sent, received;
  logic phase;  // now more writes, now more reads
  wire s_tvalid = phase ? offer : take;
  wire m_tready = phase ? take : offer;
  wire [1:0] ready, valid;
  wire [31:0] data, held0, held1;
  generate
    if (MEMORY) begin : memory_
      split4ml_fifo_memory #(.WIDTH(16), .STORAGE(DEPTH > 1 ? DEPTH - 1 : 1)) a (
          .clk(clk), .rst_n(rst_n), .depth(DEPTH), .s_tdata(sent), .s_tvalid(s_tvalid), .s_tready(ready[0]),
          .m_tdata(data[15:0]), .m_tvalid(valid[0]), .m_tready(m_tready), .held(held0));
      split4ml_fifo_memory #(.WIDTH(16), .STORAGE(16)) b (
          .clk(clk), .rst_n(rst_n), .depth(DEPTH), .s_tdata(sent), .s_tvalid(s_tvalid), .s_tready(ready[1]),
          .m_tdata(data[31:16]), .m_tvalid(valid[1]), .m_tready(m_tready), .held(held1));
    end else begin : shift_
      split4ml_fifo_shift #(.WIDTH(16), .STORAGE(DEPTH)) a (
          .clk(clk), .rst_n(rst_n), .depth(DEPTH), .s_tdata(sent), .s_tvalid(s_tvalid), .s_tready(ready[0]),
          .m_tdata(data[15:0]), .m_tvalid(valid[0]), .m_tready(m_tready), .held(held0));
      split4ml_fifo_shift #(.WIDTH(16), .STORAGE(16)) b (
          .clk(clk), .rst_n(rst_n), .depth(DEPTH), .s_tdata(sent), .s_tvalid(s_tvalid), .s_tready(ready[1]),
          .m_tdata(data[31:16]), .m_tvalid(valid[1]), .m_tready(m_tready), .held(held1));
    end
  endgenerate
  logic was_full;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      sent <= 16'd0;
      received <= 16'd0;
      phase <= 1'b0;
      was_full <= 1'b0;
    end else begin
      if (random[31:26] == 6'd0) phase <= !phase;
      if (s_tvalid & ready[0]) sent <= sent + 16'd1;
      if (m_tready & valid[0]) received <= received + 16'd1;
      if (!ready[0]) was_full <= 1'b1;
      if (ready[0] != ready[1] || valid[0] != valid[1] || held0 != held1)
        $fatal(1, "depth %0d, memory %0d: hardware and simulation part", DEPTH, MEMORY);
      if (valid[0] && (data[15:0] != received || data[31:16] != received))
        $fatal(1, "depth %0d, memory %0d: wrong beat", DEPTH, MEMORY);
      if (held0 > DEPTH || (held0 == DEPTH) != !ready[0])
        $fatal(1, "depth %0d, memory %0d: holds %0d", DEPTH, MEMORY, held0);
    end
  end
  final if ($test$plusargs("lockstep") && (!was_full || received < 16'd100)) $fatal(1, "depth %0d was not tried", DEPTH);
endmodule

module lockstep (
    input wire clk,
    input wire rst_n
);
  logic [31:0] random;  // xorshift32 (Marsaglia, 2003)
  wire [31:0] a = random ^ (random << 13);
  wire [31:0] b = a ^ (a >> 17);
  always_ff @(posedge clk) random <= rst_n ? b ^ (b << 5) : 32'd2463534242;
  for (genvar d = 1; d <= 4; d = d + 1) begin : depth  // 1, 2, 3 and 9
    lockstep_pair #(.DEPTH(d < 4 ? d : 9), .MEMORY(0)) shift_pair (.clk(clk), .rst_n(rst_n), .random(random));
    lockstep_pair #(.DEPTH(d < 4 ? d : 9), .MEMORY(1)) memory_pair (.clk(clk), .rst_n(rst_n), .random(random));
  end
endmodule
`default_nettype wire
