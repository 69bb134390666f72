// The data of one run and what becomes of them. The file formats are those of backends/verilator/plan.py.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace split4ml {

struct Channel {
    uint32_t depth;
    bool is_memory;
    uint32_t peak = 0;
};

// Tokens of one stream: `words` words of 64 bits each, `count` of them, over and over.
// The elements lie `slot` bits apart and are `width` bits wide; the bits between are padding.
struct Stream {
    const uint64_t *tokens;
    uint64_t count, words, elements, width, slot;
    bool is_signed;
    uint64_t checked = 0;          // tokens compared by its reader
    std::vector<uint64_t> token;   // being compared
};

struct Group {
    int64_t offset;
    uint64_t reads, writes;
};

struct Call {
    int64_t begin;  // in advances
    size_t group;   // the next one
};

struct Task {
    bool present = false;
    int64_t period = 1, length = 1;
    std::vector<Group> groups;
    int64_t advances = 0;
    std::vector<Call> calls;  // in flight, oldest first
};

struct Source {
    uint64_t tokens, throttle;
};

struct Sink {
    uint64_t tokens;
    std::vector<uint8_t> stall;
    uint64_t taken = 0;
    FILE *captured = nullptr;
};

struct Mismatch {
    uint32_t stream;
    int64_t reader;  // task, or -1: a sink
    uint64_t index;
    std::vector<uint64_t> expected, got;
};

struct Waiting {
    uint32_t task;
    bool flying, idle, start, children;
    uint64_t no_data, no_room;
};

class Run {
  public:
    void load(const char *plan, const char *tokens);
    void probe_to(const char *vcd, const char *names, uint64_t period_ps);
    void capture_to(const char *prefix);  // beats of sink k to the file <prefix>k
    void end_capture();
    bool over() const;                 // after every cycle
    void write_result(const char *path) const;

    void compare(Stream &stream, uint32_t number, int64_t reader, uint64_t index);
    void probe(uint32_t channel, uint32_t held, bool push, bool pop);
    void end_probe();
    void taken(Sink &sink, uint64_t index);
    void active() { last_active = now; }

    int64_t now = -1;  // cycle; -1 while in reset
    int64_t last_active = 0;
    uint64_t frames = 0, completed = 0;
    int64_t idle_limit = 0, most_cycles = 0;
    std::vector<Channel> channels;
    std::vector<Stream> streams;
    std::vector<Source> sources;
    std::vector<Sink> sinks;
    std::vector<Task> tasks;
    std::vector<int64_t> first_in, last_out;
    std::vector<Mismatch> mismatches;
    uint64_t mismatch_count = 0;
    std::vector<Waiting> waiting;
    bool probing = false;

  private:
    struct Probe {
        std::string id, name;
        uint32_t held = 0, after = 0;
        bool push = false, pop = false, fresh = true;
    };
    FILE *vcd_ = nullptr;
    uint64_t period_ps_ = 1;
    int64_t stamped_ = -1;
    std::vector<Probe> probes_;
    void stamp();
    void emit(Probe &probe, uint32_t held, bool push, bool pop);
};

extern Run run;

}  // namespace split4ml
