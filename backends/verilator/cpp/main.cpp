// Drives the testbench: reset, then one clock edge per cycle until every frame is out or nothing moves any more.
//
//   simulate PLAN TOKENS RESULT [--vcd FILE NAMES PERIOD_PS] [--capture PREFIX] [+plusargs]
#include <cstdlib>
#include <cstring>
#include <memory>

#include "Vsplit4ml_tb.h"
#include "run.h"
#include "verilated.h"

using split4ml::run;

namespace {
void edge(Vsplit4ml_tb &bench) {
    bench.clk = 1;
    bench.eval();
    bench.clk = 0;
    bench.eval();
}
}  // namespace

int main(int argc, char **argv) {
    if (argc < 4) {
        std::fprintf(stderr, "usage: simulate PLAN TOKENS RESULT [--vcd FILE NAMES PERIOD_PS] [--capture PREFIX]\n");
        return 2;
    }
    run.load(argv[1], argv[2]);
    for (int i = 4; i < argc; ++i) {
        if (!std::strcmp(argv[i], "--vcd") && i + 3 < argc) {
            run.probe_to(argv[i + 1], argv[i + 2], std::strtoull(argv[i + 3], nullptr, 10));
            i += 3;
        } else if (!std::strcmp(argv[i], "--capture") && i + 1 < argc) {
            run.capture_to(argv[++i]);
        }
    }
    VerilatedContext context;
    context.commandArgs(argc, argv);
    Vsplit4ml_tb bench{&context};
    bench.clk = 0;
    bench.rst_n = 0;
    bench.eval();
    for (int cycle = 0; cycle < 4; ++cycle) edge(bench);
    bench.rst_n = 1;
    bench.eval();
    run.now = 0;
    for (;;) {
        edge(bench);
        bool over = run.over();
        ++run.now;  // the number of cycles so far
        if (over || context.gotFinish()) break;
    }
    bench.final();
    run.end_probe();
    run.end_capture();
    run.write_result(argv[3]);
    return 0;
}
