// Feeds an input of the top with the tokens of a stream; never takes an offer back.
`default_nettype none
module split4ml_sim_source #(
    parameter WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst_n,
    input  wire [31:0]      id,
    input  wire [31:0]      stream,
    output wire [WIDTH-1:0] tdata,
    output wire             tvalid,
    input  wire             tready
);
  /* verilator no_inline_module */
  import split4ml_dpi::*;
  longint unsigned sent;
  logic offer;
  wire accepted = tvalid & tready;
  split4ml_sim_writer #(
      .WIDTH(WIDTH)
  ) tokens (
      .clk(clk),
      .rst_n(rst_n),
      .stream(stream),
      .next(accepted),
      .tdata(tdata)
  );
  always @(posedge clk) begin
    if (!rst_n) begin
      sent  <= 64'd0;
      offer <= split4ml_offers(id, 64'd0);
    end else begin
      if (accepted) split4ml_accepted(id, sent);
      sent  <= sent + {63'd0, accepted};
      offer <= split4ml_offers(id, sent + {63'd0, accepted});
    end
  end
  assign tvalid = offer & rst_n;
endmodule
`default_nettype wire
