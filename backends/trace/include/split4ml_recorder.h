// Records which stream operations a task does, in which iteration of which pipelined loop.
//
// The instrumented sources create one scope object per loop and per interesting function; they form a stack. A
// stream operation belongs to the outermost scope on that stack that is pipelined, or else to the innermost
// loop. What an iteration did is a list of items: operations, and loops inside it. Equal lists and equal loops are stored
// once (`Tables`), so that a frame takes the memory of what differs in it. A loop without any operation is counted only.
#ifndef SPLIT4ML_RECORDER_H_
#define SPLIT4ML_RECORDER_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace s4rec {

// Ends the program with one line for the parent process to read.
[[noreturn]] inline void fail(const std::string &what) {
    std::fflush(stdout);
    std::fprintf(stderr, "split4ml: %s\n", what.c_str());
    std::exit(3);
}

// A failed assertion: the last words if the program dies of it.
inline void unasserted(const char *what) {
    std::fprintf(stderr, "the assertion `%s` fails\n", what);
}

typedef std::vector<int32_t> Body;  // 2 * stream + (1 if it is a write), or -1 - number of a loop

struct LoopRecord {  // one execution of a loop (or of a pipelined function)
    int32_t site;  // loop: its number; function: -1 - its number
    int32_t ii;    // of its PIPELINE pragma, 0: none
    std::vector<int64_t> runs;  // (count, number of a body) in turn
};

struct Hash {
    template <class T> size_t operator()(const std::vector<T> &values) const {
        uint64_t sum = 1469598103934665603ull;
        for (T value : values)
            sum = (sum ^ uint64_t(value)) * 1099511628211ull;
        return size_t(sum ^ (sum >> 29));
    }
};

struct Tables {  // what the frames of one task are made of
    std::vector<Body> bodies;
    std::vector<LoopRecord> loops;

    int body(const Body &items) {
        const auto found = bodies_.find(items);
        if (found != bodies_.end())
            return found->second;
        bodies.push_back(items);
        return bodies_[items] = int(bodies.size()) - 1;
    }
    int loop(int32_t site, int32_t ii, const std::vector<int64_t> &runs) {
        std::vector<int64_t> key(runs);
        key.push_back(site);
        key.push_back(ii);
        const auto found = loops_.find(key);
        if (found != loops_.end())
            return found->second;
        loops.push_back({site, ii, runs});
        return loops_[key] = int(loops.size()) - 1;
    }

  private:
    std::unordered_map<Body, int, Hash> bodies_;
    std::unordered_map<std::vector<int64_t>, int, Hash> loops_;
};

struct Count {
    int64_t instances = 0, iterations = 0;
    int32_t ii = 0;
};

struct Profile {  // of one task
    Tables tables;
    int32_t steady = 0;           // the body of the whole task, in the steady frame
    std::vector<Count> counted;   // per loop site, loops that touched no stream, in the steady frame
    std::vector<int32_t> entered; // per function site: 0: not entered, else 1 + II of its PIPELINE pragma
    int32_t variant = 0;          // first frame after the steady one that differed from it
};

struct Wire {  // a stream of the top function
    std::string name;
    int32_t elements = 0, width = 0, integer = 0, is_signed = 0, rounds = 0, saturates = 0, bytes = 0;
    int64_t written = 0, read = 0;
    std::vector<uint8_t> tokens;
};

struct State {
    int frame = 0, kept = 0;
    bool keep_tokens = true;
    std::vector<Profile> tasks;
    std::vector<std::string> task_names;
    std::vector<Wire> wires;
    std::map<std::string, int> wire_by_name;
    Profile *task = nullptr;
    int task_number = -1;
};

inline State &state() {
    static State the_state;
    return the_state;
}

// The first frame warms up, the second is stored, the third must be like the second.
static const int STEADY_FRAME = 1, FRAMES = 3;

class Scope {
  public:
    enum Kind { TASK, LOOP, FUNCTION };
    Scope(int32_t site, Kind kind) : site_(site), kind_(kind), above_(top()) { top() = this; }
    ~Scope() { top() = above_; }
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;
    void pipeline(int ii) { ii_ = ii; }

    // An operation on a stream, now.
    static void touch(int32_t port) {
        Scope *chosen = nullptr;
        for (Scope *scope = top(); scope; scope = scope->above_)
            if (scope->ii_ || (scope->kind_ != FUNCTION && !chosen))
                chosen = scope;
        if (chosen)
            chosen->add(port);
    }

  protected:
    static Scope *&top() {
        static Scope *the_top = nullptr;
        return the_top;
    }
    void add(int32_t item) {
        items_.push_back(item);
        touched_ = true;
    }
    // The iteration is over.
    void close() {
        if (untouched_) {  // those before the first operation
            runs_ = {untouched_, state().task->tables.body(Body())};
            untouched_ = 0;
        }
        if (!runs_.empty() && items_ == last_) {
            runs_[runs_.size() - 2] += 1;
        } else {
            runs_.push_back(1);
            runs_.push_back(state().task->tables.body(items_));
            last_ = items_;
        }
        items_.clear();
    }
    void leave() {
        State &s = state();
        if (!s.task)
            return;
        if (touched_) {
            close();
            Scope *up = above_;
            while (up && up->kind_ == FUNCTION)
                up = up->above_;
            if (up)
                up->add(-1 - s.task->tables.loop(site_, ii_, runs_));
        } else if (kind_ == LOOP && s.frame == STEADY_FRAME) {
            Count &count = s.task->counted[site_];
            count.instances += 1;
            count.iterations += count_;
            count.ii = ii_;
        }
    }
    int32_t site_;
    Kind kind_;
    int64_t count_ = 0, untouched_ = 0;
    int32_t ii_ = 0;
    bool touched_ = false;
    Body items_, last_;
    std::vector<int64_t> runs_;
    Scope *above_;
};

class Loop : public Scope {
  public:
    explicit Loop(int site) : Scope(site, LOOP) {}
    ~Loop() { leave(); }
    bool once() {
        const bool first = first_;
        first_ = false;
        return first;
    }
    bool next() {
        if (touched_)
            close();
        else if (count_)
            untouched_ += 1;
        ++count_;
        return true;
    }

  private:
    bool first_ = true;
};

class Function : public Scope {
  public:
    explicit Function(int site) : Scope(-1 - site, FUNCTION) { count_ = 1; }
    ~Function() {
        if (state().task)
            state().task->entered[-1 - site_] = 1 + ii_;
        leave();
    }
};

class Task : public Scope {
  public:
    explicit Task(int number) : Scope(0, TASK) {
        State &s = state();
        s.task = &s.tasks[number];
        s.task_number = number;
    }
    ~Task() {
        State &s = state();
        Profile &task = *s.task;
        const int body = task.tables.body(items_);
        if (s.frame == STEADY_FRAME)
            task.steady = body;
        else if (s.frame > STEADY_FRAME && !task.variant && body != task.steady)
            task.variant = s.frame;
        s.task = nullptr;
        s.task_number = -1;
    }
    bool once() {
        const bool first = first_;
        first_ = false;
        return first;
    }

  private:
    bool first_ = true;
};

// Called by the streams for each operation of a task.
inline void touch(int wire, bool write) {
    if (state().task)
        Scope::touch(2 * wire + (write ? 1 : 0));
}

inline std::string here() {
    return state().task ? state().task_names[state().task_number] : std::string("the test bench");
}

// A core that multiplies by weights does the same in every call as far as control goes: when nobody looks at the values,
// running it once a frame will do. What it counts is then counted for every call.
class Core {
  public:
    // True if the call may be left out.
    bool again() {
        State &s = state();
        if (!s.task || s.keep_tokens)
            return false;
        if (task_ == s.task && frame_ == s.frame) {
            if (s.frame == STEADY_FRAME)
                for (const auto &each : counts_) {
                    s.task->counted[each.first].instances += each.second.instances;
                    s.task->counted[each.first].iterations += each.second.iterations;
                }
            return true;
        }
        before_ = s.task->counted;
        return false;
    }
    void done() {
        State &s = state();
        if (!s.task || s.keep_tokens)
            return;
        counts_.clear();
        for (size_t site = 0; site < before_.size(); site++) {
            Count more = s.task->counted[site];
            more.instances -= before_[site].instances;
            more.iterations -= before_[site].iterations;
            if (more.instances)
                counts_.push_back({int(site), more});
        }
        task_ = s.task;
        frame_ = s.frame;
    }

  private:
    Profile *task_ = nullptr;
    int frame_ = -1;
    std::vector<Count> before_;
    std::vector<std::pair<int, Count>> counts_;
};

class Call {  // of a core; ends with it
  public:
    explicit Call(Core &core) : core_(core) {}
    ~Call() { core_.done(); }

  private:
    Core &core_;
};

} // namespace s4rec

#endif
