#include "run.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace split4ml {

Run run;

namespace {

[[noreturn]] void fail(const char *what, const char *path) {
    std::fprintf(stderr, "%s: %s\n", path, what);
    std::exit(3);
}

struct Words {
    const uint64_t *data;
    size_t count;
};

Words map(const char *path) {
    int file = open(path, O_RDONLY);
    struct stat info;
    if (file < 0 || fstat(file, &info) != 0) fail("cannot be opened", path);
    if (info.st_size == 0) return {nullptr, 0};
    void *data = mmap(nullptr, size_t(info.st_size), PROT_READ, MAP_PRIVATE, file, 0);
    if (data == MAP_FAILED) fail("cannot be mapped", path);
    close(file);
    return {static_cast<const uint64_t *>(data), size_t(info.st_size) / sizeof(uint64_t)};
}

class Reader {
  public:
    Reader(Words words, const char *path) : words_(words), path_(path) {}
    uint64_t next() {
        if (at_ >= words_.count) fail("is too short", path_);
        return words_.data[at_++];
    }
    bool at_end() const { return at_ == words_.count; }

  private:
    Words words_;
    const char *path_;
    size_t at_ = 0;
};

uint64_t bits(const std::vector<uint64_t> &words, uint64_t low, uint64_t width) {
    uint64_t value = words[low / 64] >> (low % 64);
    if (low % 64 + width > 64) value |= words[low / 64 + 1] << (64 - low % 64);
    return width >= 64 ? value : value & ((uint64_t(1) << width) - 1);
}

void print_numbers(FILE *file, const std::vector<int64_t> &numbers) {
    std::fputc('[', file);
    for (size_t i = 0; i < numbers.size(); ++i) std::fprintf(file, i ? ",%lld" : "%lld", (long long)numbers[i]);
    std::fputc(']', file);
}

void print_hex(FILE *file, const std::vector<uint64_t> &words) {
    std::fputc('"', file);
    for (size_t i = words.size(); i-- > 0;) std::fprintf(file, "%016llx", (unsigned long long)words[i]);
    std::fputc('"', file);
}

}  // namespace

void Run::load(const char *plan, const char *tokens) {
    const uint64_t magic = 0x33766e616c703473;  // "s4planv3"
    Words words = map(tokens);
    Reader in(map(plan), plan);
    if (in.next() != magic) fail("is no plan of this version", plan);
    frames = in.next();
    idle_limit = int64_t(in.next());
    most_cycles = int64_t(in.next());
    channels.resize(in.next());
    for (Channel &channel : channels) {
        channel.depth = uint32_t(in.next());
        channel.is_memory = in.next() != 0;
    }
    streams.resize(in.next());
    for (Stream &stream : streams) {
        uint64_t first = in.next();
        stream.count = in.next();
        stream.words = in.next();
        stream.elements = in.next();
        stream.width = in.next();
        stream.slot = in.next();
        stream.is_signed = in.next() != 0;
        if (first + stream.count * stream.words > words.count) fail("is too short", tokens);
        stream.tokens = words.data + first;
        stream.token.resize(stream.words);
    }
    sources.resize(in.next());
    for (Source &source : sources) {
        source.tokens = in.next();
        source.throttle = in.next();
    }
    sinks.resize(in.next());
    for (Sink &sink : sinks) {
        sink.tokens = in.next();
        sink.stall.resize(in.next());
        for (uint8_t &stalled : sink.stall) stalled = in.next() != 0;
    }
    tasks.resize(in.next());
    for (Task &task : tasks) {
        task.present = in.next() != 0;
        if (!task.present) continue;
        task.period = int64_t(in.next());
        task.groups.resize(in.next());
        for (Group &group : task.groups) {
            group.offset = int64_t(in.next());
            group.reads = in.next();
            group.writes = in.next();
        }
        task.length = task.period;
        if (!task.groups.empty() && task.groups.back().offset + 1 > task.length)
            task.length = task.groups.back().offset + 1;
    }
    if (!in.at_end()) fail("is too long", plan);
    first_in.assign(frames, -1);
    last_out.assign(frames, -1);
}

bool Run::over() const {
    return completed >= frames || now - last_active >= idle_limit || now + 1 >= most_cycles;
}

// Compares the collected token of a stream with the `index`-th of the recording. Bits between elements must be
// zero, or copies of a signed element's sign.
void Run::compare(Stream &stream, uint32_t number, int64_t reader, uint64_t index) {
    ++stream.checked;
    const uint64_t *wanted = stream.tokens + index % stream.count * stream.words;
    bool equal = true;
    for (uint64_t w = 0; w < stream.words; ++w) equal &= stream.token[w] == wanted[w];
    if (equal) return;
    std::vector<uint64_t> expected(wanted, wanted + stream.words);
    equal = true;
    for (uint64_t e = 0; e < stream.elements && equal; ++e) {
        uint64_t low = e * stream.slot;
        uint64_t value = bits(stream.token, low, stream.width);
        equal = value == bits(expected, low, stream.width);
        if (stream.slot > stream.width) {
            uint64_t room = stream.slot - stream.width;
            uint64_t padding = bits(stream.token, low + stream.width, room);
            uint64_t ones = (uint64_t(1) << room) - 1;
            bool negative = stream.is_signed && (value >> (stream.width - 1)) != 0;
            equal = equal && (padding == 0 || (negative && padding == ones));
        }
    }
    if (equal) return;
    ++mismatch_count;
    if (mismatches.size() < 16) mismatches.push_back({number, reader, index, expected, stream.token});
}

void Run::taken(Sink &sink, uint64_t index) {
    active();
    sink.taken = index + 1;
    uint64_t frame = index / sink.tokens;
    if ((index + 1) % sink.tokens == 0 && frame < frames) {
        if (now > last_out[frame]) last_out[frame] = now;
        bool all = true;
        for (const Sink &other : sinks) all &= other.taken >= (completed + 1) * other.tokens;
        while (all && completed < frames) {
            ++completed;
            for (const Sink &other : sinks) all &= other.taken >= (completed + 1) * other.tokens;
        }
    }
}

void Run::probe_to(const char *vcd, const char *names, uint64_t period_ps) {
    vcd_ = std::fopen(vcd, "w");
    FILE *list = std::fopen(names, "r");
    if (!vcd_) fail("cannot be written", vcd);
    if (!list) fail("cannot be opened", names);
    period_ps_ = period_ps;
    probing = true;
    std::fprintf(vcd_, "$version split4ml, simulated by Verilator $end\n$timescale 1 ps $end\n$scope module fifos $end\n");
    char name[256];
    size_t number = 0;
    for (size_t c = 0; c < channels.size(); ++c) {
        Probe probe;
        if (std::fscanf(list, "%255s", name) != 1) fail("is too short", names);
        if (std::string(name) != "-") {
            for (size_t n = number++;; n = n / 94 - 1) {  // printable characters, as the format has it
                probe.id += char('!' + n % 94);
                if (n < 94) break;
            }
            probe.name = name;
            std::fprintf(vcd_, "$var wire 32 %su %s_usedw [31:0] $end\n", probe.id.c_str(), name);
            std::fprintf(vcd_, "$var wire 1 %sw %s_write $end\n", probe.id.c_str(), name);
            std::fprintf(vcd_, "$var wire 1 %sr %s_read $end\n", probe.id.c_str(), name);
        }
        probes_.push_back(probe);
    }
    std::fclose(list);
    std::fprintf(vcd_, "$upscope $end\n$enddefinitions $end\n");
}

void Run::stamp() {
    if (stamped_ == now) return;
    stamped_ = now;
    std::fprintf(vcd_, "#%llu\n", (unsigned long long)(uint64_t(now) * period_ps_));
}

void Run::emit(Probe &probe, uint32_t held, bool push, bool pop) {
    if (probe.fresh || held != probe.held) {
        stamp();
        char digits[33];
        int n = 0;
        for (uint32_t rest = held; rest || !n; rest >>= 1) digits[n++] = char('0' + (rest & 1));
        std::fputc('b', vcd_);
        while (n) std::fputc(digits[--n], vcd_);
        std::fprintf(vcd_, " %su\n", probe.id.c_str());
    }
    if (probe.fresh || push != probe.push) {
        stamp();
        std::fprintf(vcd_, "%d%sw\n", push, probe.id.c_str());
    }
    if (probe.fresh || pop != probe.pop) {
        stamp();
        std::fprintf(vcd_, "%d%sr\n", pop, probe.id.c_str());
    }
    probe.fresh = false;
    probe.held = held;
    probe.push = push;
    probe.pop = pop;
    probe.after = held + push - pop;
}

void Run::probe(uint32_t channel, uint32_t held, bool push, bool pop) {
    Probe &probe = probes_.at(channel);
    if (!probe.id.empty()) emit(probe, held, push, pop);
}

// What the FIFOs hold after the last cycle.
void Run::end_probe() {
    if (!vcd_) return;
    for (Probe &probe : probes_)
        if (!probe.id.empty()) emit(probe, probe.after, false, false);
    stamp();
    std::fclose(vcd_);
    vcd_ = nullptr;
}

void Run::capture_to(const char *prefix) {
    for (size_t k = 0; k < sinks.size(); ++k) {
        std::string path = prefix + std::to_string(k);
        sinks[k].captured = std::fopen(path.c_str(), "wb");
        if (!sinks[k].captured) fail("cannot be written", path.c_str());
    }
}

void Run::end_capture() {
    for (Sink &sink : sinks) {
        if (sink.captured && std::fclose(sink.captured) != 0) fail("cannot be written", "an output's capture");
        sink.captured = nullptr;
    }
}

void Run::write_result(const char *path) const {
    FILE *file = std::fopen(path, "w");
    if (!file) fail("cannot be written", path);
    std::fprintf(file, "{\"cycles\":%lld,\"completed\":%llu,\n\"first_in\":", (long long)now,
                 (unsigned long long)completed);
    print_numbers(file, first_in);
    std::vector<int64_t> ends = last_out;
    for (uint64_t frame = completed; frame < frames; ++frame) ends[frame] = -1;
    std::fprintf(file, ",\n\"last_out\":");
    print_numbers(file, ends);
    std::vector<int64_t> peaks, checked, taken;
    for (const Channel &channel : channels) peaks.push_back(channel.peak);
    for (const Stream &stream : streams) checked.push_back(int64_t(stream.checked));
    for (const Sink &sink : sinks) taken.push_back(int64_t(sink.taken));
    std::fprintf(file, ",\n\"peaks\":");
    print_numbers(file, peaks);
    std::fprintf(file, ",\n\"checked\":");
    print_numbers(file, checked);
    std::fprintf(file, ",\n\"taken\":");
    print_numbers(file, taken);
    std::fprintf(file, ",\n\"mismatch_count\":%llu,\n\"mismatches\":[", (unsigned long long)mismatch_count);
    for (size_t i = 0; i < mismatches.size(); ++i) {
        const Mismatch &m = mismatches[i];
        std::fprintf(file, "%s{\"stream\":%u,\"reader\":%lld,\"index\":%llu,\"expected\":", i ? ",\n" : "", m.stream,
                     (long long)m.reader, (unsigned long long)m.index);
        print_hex(file, m.expected);
        std::fprintf(file, ",\"got\":");
        print_hex(file, m.got);
        std::fputc('}', file);
    }
    std::fprintf(file, "],\n\"waiting\":[");
    for (size_t i = 0; i < waiting.size(); ++i) {
        const Waiting &w = waiting[i];
        std::fprintf(file,
                     "%s{\"task\":%u,\"flying\":%d,\"idle\":%d,\"start\":%d,\"children\":%d,\"no_data\":%llu,"
                     "\"no_room\":%llu}",
                     i ? ",\n" : "", w.task, w.flying, w.idle, w.start, w.children, (unsigned long long)w.no_data,
                     (unsigned long long)w.no_room);
    }
    std::fprintf(file, "]}\n");
    if (std::fclose(file) != 0) fail("cannot be written", path);
}

}  // namespace split4ml
