// What the simulation asks of, and tells, the C++ side (backends/verilator/cpp). Nothing here is synthesised.
package split4ml_dpi;
  // FIFOs and register slices, by channel
  import "DPI-C" function int unsigned split4ml_depth(input int unsigned channel);
  import "DPI-C" function bit split4ml_is_memory(input int unsigned channel);
  import "DPI-C" function bit split4ml_probing();
  import "DPI-C" function void split4ml_probe(
    input int unsigned channel, input int unsigned held, input bit push, input bit pop);
  import "DPI-C" function void split4ml_peak(input int unsigned channel, input int unsigned peak);
  // tasks: masks have one bit per port
  import "DPI-C" function void split4ml_task_first(
    input int unsigned task_id, output longint unsigned reads, output longint unsigned writes, output bit ready,
    output bit finish);
  import "DPI-C" function void split4ml_task_step(
    input int unsigned task_id, input bit begins, input bit advances, output longint unsigned reads,
    output longint unsigned writes, output bit ready, output bit finish, output bit flying);
  import "DPI-C" function void split4ml_task_end(
    input int unsigned task_id, input bit flying, input longint unsigned no_data, input longint unsigned no_room,
    input bit idle, input bit start, input bit children);
  // tokens, by stream; words of 64 bits
  import "DPI-C" function longint unsigned split4ml_token(
    input int unsigned stream, input longint unsigned index, input int unsigned word);
  import "DPI-C" function void split4ml_check(
    input int unsigned stream, input int unsigned reader, input int unsigned word, input longint unsigned value);
  // ports of the top
  import "DPI-C" function bit split4ml_offers(input int unsigned source, input longint unsigned sent);
  import "DPI-C" function void split4ml_accepted(input int unsigned source, input longint unsigned beat);
  import "DPI-C" function bit split4ml_takes(input int unsigned sink);
  import "DPI-C" function void split4ml_taken(
    input int unsigned sink, input int unsigned stream, input int unsigned word, input longint unsigned value);
endpackage
