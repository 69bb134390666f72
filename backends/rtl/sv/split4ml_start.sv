// Starts every subgraph (ap_ctrl_hs) once per frame: ap_start is high while every input of the top has been
// offered the first beat of a frame for which the subgraph has not been ap_ready yet (docs/timing.md, "Starts").
//
// BEATS: beats a frame of every input, 32 bits each, that of input 0 in the lowest. HELD: ap_start tied high.
`default_nettype none
module split4ml_start #(
    parameter INPUTS = 1,
    parameter SUBGRAPHS = 1,
    parameter [32*INPUTS-1:0] BEATS = 1,
    parameter HELD = 0
) (
    input  wire                 clk,
    input  wire                 rst_n,
    input  wire [INPUTS-1:0]    tvalid,
    input  wire [INPUTS-1:0]    tready,
    input  wire [SUBGRAPHS-1:0] ap_ready,
    output wire [SUBGRAPHS-1:0] ap_start
);
  generate
    if (HELD) begin : held
      assign ap_start = {SUBGRAPHS{1'b1}};
    end else begin : per_frame
      // Frames seen and transactions begun are only ever compared for equality, so they may wrap around: a design
      // holds far fewer than 2^16 frames at a time.
      logic [16*INPUTS-1:0] seen;
      for (genvar i = 0; i < INPUTS; i = i + 1) begin : stream
        logic [31:0] beat;
        logic [15:0] frames;
        logic counted;  // the frame that `beat` belongs to is in `frames`
        wire accepted = tvalid[i] & tready[i];
        wire last = beat == BEATS[32*i+:32] - 32'd1;
        always_ff @(posedge clk) begin
          if (!rst_n) begin
            beat <= 32'd0;
            frames <= 16'd0;
            counted <= 1'b0;
          end else begin
            if (accepted) beat <= last ? 32'd0 : beat + 32'd1;
            if (tvalid[i] & !counted) frames <= frames + 16'd1;
            counted <= (counted | tvalid[i]) & !(accepted & last);
          end
        end
        assign seen[16*i+:16] = frames;
      end
      for (genvar k = 0; k < SUBGRAPHS; k = k + 1) begin : subgraph
        logic [15:0] transactions;
        logic [INPUTS-1:0] ahead;
        always_ff @(posedge clk) begin
          if (!rst_n) transactions <= 16'd0;
          else if (ap_start[k] & ap_ready[k]) transactions <= transactions + 16'd1;
        end
        for (genvar i = 0; i < INPUTS; i = i + 1) begin : compare
          assign ahead[i] = seen[16*i+:16] != transactions;
        end
        assign ap_start[k] = &ahead;
      end
    end
  endgenerate
endmodule
`default_nettype wire
