// Records which stream operations a task does, in which iteration of which pipelined loop.
//
// The instrumented sources create one scope object per loop and per interesting function; they form a stack. A
// stream operation belongs to the outermost scope on that stack that is pipelined, or else to the innermost
// loop. A loop is stored only when an operation belongs to it or to a loop inside it; all others are counted.
#ifndef SPLIT4ML_RECORDER_H_
#define SPLIT4ML_RECORDER_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace s4rec {

// Ends the program with one line for the parent process to read.
[[noreturn]] inline void fail(const std::string &what) {
    std::fflush(stdout);
    std::fprintf(stderr, "split4ml: %s\n", what.c_str());
    std::exit(3);
}

struct Instance {  // one execution of a loop (or of a pipelined function)
    int32_t site;  // loop: its number; function: -1 - its number
    int32_t parent, parent_iteration;
    int32_t iterations;
    int32_t ii;  // of its PIPELINE pragma, 0: none
    bool operator==(const Instance &o) const {
        return site == o.site && parent == o.parent && parent_iteration == o.parent_iteration &&
               iterations == o.iterations && ii == o.ii;
    }
};

struct Op {
    int32_t instance;  // -1: outside of all loops
    int32_t iteration;
    int32_t port;  // 2 * stream + (1 if it is a write)
    bool operator==(const Op &o) const {
        return instance == o.instance && iteration == o.iteration && port == o.port;
    }
};

struct Call {
    std::vector<Instance> instances;
    std::vector<Op> ops;
    bool operator==(const Call &o) const { return instances == o.instances && ops == o.ops; }
    void clear() {
        instances.clear();
        ops.clear();
    }
};

struct Count {
    int64_t instances = 0, iterations = 0;
    int32_t ii = 0;
};

struct Profile {  // of one task
    Call call, steady;
    std::vector<Count> counted;  // per loop site, loops that touched no stream, in the steady frame
    std::vector<int32_t> entered; // per function site: 0: not entered, else 1 + II of its PIPELINE pragma
    int32_t variant = 0;         // first frame after the steady one that differed from it
};

struct Wire {  // a stream of the top function
    std::string name;
    int32_t elements = 0, width = 0, integer = 0, is_signed = 0, bytes = 0;
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
    Scope(int32_t site, bool is_loop) : site_(site), is_loop_(is_loop), above_(top()) { top() = this; }
    ~Scope() { top() = above_; }
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;
    void pipeline(int ii) { ii_ = ii; }

    // The instance and iteration an operation done now belongs to.
    static Op place() {
        Scope *chosen = nullptr;
        for (Scope *scope = top(); scope; scope = scope->above_)
            if (scope->ii_ || (scope->is_loop_ && !chosen))
                chosen = scope;
        Op op = {-1, 0, 0};
        if (chosen) {
            op.instance = chosen->enrol();
            op.iteration = chosen->count_ - 1;
        }
        return op;
    }

  protected:
    static Scope *&top() {
        static Scope *the_top = nullptr;
        return the_top;
    }
    int enrol() {
        if (number_ < 0) {
            Scope *up = above_;
            while (up && !up->is_loop_)
                up = up->above_;
            const int parent = up ? up->enrol() : -1;
            std::vector<Instance> &instances = state().task->call.instances;
            number_ = int(instances.size());
            instances.push_back({site_, parent, up ? up->count_ - 1 : 0, 0, 0});
        }
        return number_;
    }
    void leave() {
        if (number_ >= 0) {
            Instance &mine = state().task->call.instances[number_];
            mine.iterations = count_;
            mine.ii = ii_;
        } else if (is_loop_ && state().task && state().frame == STEADY_FRAME) {
            Count &count = state().task->counted[site_];
            count.instances += 1;
            count.iterations += count_;
            count.ii = ii_;
        }
    }
    int32_t site_;
    bool is_loop_;
    int32_t count_ = 0, ii_ = 0, number_ = -1;
    Scope *above_;
};

class Loop : public Scope {
  public:
    explicit Loop(int site) : Scope(site, true) {}
    ~Loop() { leave(); }
    bool once() {
        const bool first = first_;
        first_ = false;
        return first;
    }
    bool next() {
        ++count_;
        return true;
    }

  private:
    bool first_ = true;
};

class Function : public Scope {
  public:
    explicit Function(int site) : Scope(-1 - site, false) {
        count_ = 1;
    }
    ~Function() {
        if (state().task)
            state().task->entered[-1 - site_] = 1 + ii_;
        leave();
    }
};

class Task {
  public:
    explicit Task(int number) {
        State &s = state();
        s.task = &s.tasks[number];
        s.task_number = number;
        s.task->call.clear();
    }
    ~Task() {
        State &s = state();
        Profile &task = *s.task;
        if (s.frame == STEADY_FRAME)
            task.steady = task.call;
        else if (s.frame > STEADY_FRAME && !task.variant && !(task.call == task.steady))
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
    if (!state().task)
        return;
    Op op = Scope::place();
    op.port = 2 * wire + (write ? 1 : 0);
    state().task->call.ops.push_back(op);
}

inline std::string here() {
    return state().task ? state().task_names[state().task_number] : std::string("the test bench");
}

} // namespace s4rec

#endif
