// The functions of split4ml_dpi.sv. All are called at clock edges, in cycle `run.now`.
#include <algorithm>

#include "Vsplit4ml_tb__Dpi.h"
#include "run.h"

using split4ml::run;
using split4ml::Call;
using split4ml::Group;
using split4ml::Task;
using Word = unsigned long long;  // the DPI's `longint unsigned`

uint32_t split4ml_depth(uint32_t channel) { return run.channels.at(channel).depth; }
svBit split4ml_is_memory(uint32_t channel) { return run.channels.at(channel).is_memory; }
svBit split4ml_probing() { return run.probing; }
void split4ml_probe(uint32_t channel, uint32_t held, svBit push, svBit pop) { run.probe(channel, held, push, pop); }
void split4ml_peak(uint32_t channel, uint32_t peak) { run.channels.at(channel).peak = peak; }

void split4ml_task_first(uint32_t id, Word *reads, Word *writes, svBit *ready, svBit *finish) {
    const Task &task = run.tasks.at(id);
    bool due = !task.groups.empty() && task.groups.front().offset == 0;
    *reads = due ? task.groups.front().reads : 0;
    *writes = due ? task.groups.front().writes : 0;
    *ready = task.period == 1;
    *finish = task.length == 1;
}

// A cycle in which the task began a call, or advanced, or both. Tells what is due in the next.
void split4ml_task_step(uint32_t id, svBit begins, svBit advances, Word *reads, Word *writes, svBit *ready,
                        svBit *finish, svBit *flying) {
    Task &task = run.tasks[id];
    run.active();
    if (begins) task.calls.push_back({task.advances, 0});
    if (advances) {
        for (Call &call : task.calls)
            if (call.group < task.groups.size() && task.groups[call.group].offset == task.advances - call.begin)
                ++call.group;
        ++task.advances;
        // Calls leave in the order in which they came, at most one in a cycle.
        if (task.calls.front().begin + task.length == task.advances) task.calls.erase(task.calls.begin());
    }
    *reads = *writes = 0;
    for (const Call &call : task.calls) {
        if (call.group < task.groups.size() && task.groups[call.group].offset == task.advances - call.begin) {
            *reads |= task.groups[call.group].reads;
            *writes |= task.groups[call.group].writes;
        }
    }
    *flying = !task.calls.empty();
    *ready = !task.calls.empty() && task.calls.back().begin + task.period - 1 == task.advances;
    *finish = !task.calls.empty() && task.calls.front().begin + task.length - 1 == task.advances;
}

void split4ml_task_end(uint32_t id, svBit flying, Word no_data, Word no_room, svBit idle, svBit start,
                       svBit children) {
    run.waiting.push_back({id, flying != 0, idle != 0, start != 0, children != 0, no_data, no_room});
}

Word split4ml_token(uint32_t number, Word index, uint32_t word) {
    const split4ml::Stream &stream = run.streams[number];
    return stream.tokens[index % stream.count * stream.words + word];
}

void split4ml_check(uint32_t number, uint32_t reader, uint32_t word, Word value) {
    split4ml::Stream &stream = run.streams[number];
    stream.token[word] = value;
    if (word + 1 == stream.words) run.compare(stream, number, int64_t(reader), stream.checked);
}

// Whether a source offers its next token in the cycle that follows.
svBit split4ml_offers(uint32_t id, Word sent) {
    const split4ml::Source &source = run.sources[id];
    uint64_t frame = sent / source.tokens;
    if (frame >= run.frames) return false;
    if (uint64_t(run.now + 1) >= frame * source.throttle) return true;
    run.active();  // waits for a time, not for anybody
    return false;
}

void split4ml_accepted(uint32_t id, Word beat) {
    const split4ml::Source &source = run.sources[id];
    run.active();
    uint64_t frame = beat / source.tokens;
    if (beat % source.tokens == 0 && run.first_in[frame] < 0) run.first_in[frame] = run.now;
}

// Whether a sink is ready in the cycle that follows.
svBit split4ml_takes(uint32_t id) {
    const split4ml::Sink &sink = run.sinks[id];
    return !sink.stall[size_t(run.now + 1) % sink.stall.size()];
}

void split4ml_taken(uint32_t id, uint32_t number, uint32_t word, Word value) {
    split4ml::Stream &stream = run.streams[number];
    split4ml::Sink &sink = run.sinks[id];
    stream.token[word] = value;
    if (sink.captured) std::fwrite(&value, sizeof value, 1, sink.captured);
    if (word + 1 != stream.words) return;
    run.compare(stream, number, -1, sink.taken);
    run.taken(sink, sink.taken);
}
