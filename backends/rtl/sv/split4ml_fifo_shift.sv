// A FIFO in a shift register with AXI4-Stream faces: a beat can be taken one cycle after it was accepted.
//
// `depth` beats are held at most, 1 <= depth <= STORAGE. It is a port so that a simulation can set it at run time;
// in hardware it is a constant. Ready and valid are registers: a full FIFO accepts nothing in the cycle of a read.
`default_nettype none
module split4ml_fifo_shift #(
    parameter WIDTH = 8,
    parameter STORAGE = 2
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
  localparam COUNT_BITS = $clog2(STORAGE + 1);
  localparam INDEX_BITS = STORAGE > 1 ? $clog2(STORAGE) : 1;

  logic [COUNT_BITS-1:0] count;
  logic empty_n, full_n;

  wire push = s_tvalid & full_n;
  wire pop = m_tready & empty_n;
  wire [31:0] present = {{(32 - COUNT_BITS) {1'b0}}, count};
  wire [31:0] after = present + {31'd0, push} - {31'd0, pop};
  wire [31:0] oldest = present - 32'd1;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      count   <= '0;
      empty_n <= 1'b0;
      full_n  <= 1'b1;
    end else begin
      count   <= after[COUNT_BITS-1:0];
      empty_n <= after != 32'd0;
      full_n  <= after < depth;
    end
  end

  // A chain for each bit, read at a variable tap: what synthesis makes an SRL of (UG901, dynamic shift registers).
  generate
    for (genvar b = 0; b < WIDTH; b = b + 1) begin : lane
      logic [STORAGE-1:0] taps;
      if (STORAGE == 1) begin : single
        always_ff @(posedge clk) if (push) taps <= s_tdata[b];
      end else begin : several
        always_ff @(posedge clk) if (push) taps <= {taps[STORAGE-2:0], s_tdata[b]};
      end
      assign m_tdata[b] = taps[oldest[INDEX_BITS-1:0]];
    end
  endgenerate

  assign s_tready = full_n;
  assign m_tvalid = empty_n;
  assign held = present;
endmodule
`default_nettype wire
