// hls::stream for tracing: found before the one of the ap_types headers, hence its name.
//
// A stream that is created with a name outside of any task is a stream of the top function: its tokens and
// operations are recorded. Streams inside a task are plain queues.
#ifndef SPLIT4ML_HLS_STREAM_H_
#define SPLIT4ML_HLS_STREAM_H_

#include "split4ml_elements.h"
#include "split4ml_recorder.h"
#include <cstddef>
#include <deque>
#include <iostream>
#include <queue>
#include <sstream>
#include <string>
#include <typeinfo>

namespace hls {

template <class T, int DEPTH = 0> class stream {
    typedef s4rec::Token<T> token;
    typedef s4rec::Element<typename token::element> element;

  public:
    stream() : wire_(-1) {}
    stream(const char *name) : wire_(enrol(name)) {}
    stream(const std::string &name) : wire_(enrol(name)) {}
    stream(const stream &) = delete;
    stream &operator=(const stream &) = delete;
    ~stream() {
        if (wire_ >= 0 && !queue_.empty())
            s4rec::fail("leftover " + s4rec::state().wires[wire_].name);
    }

    void operator>>(T &value) { value = read(); }
    void operator<<(const T &value) { write(value); }
    bool empty() const { return queue_.empty() && !endless_; }
    void endless() { endless_ = true; }  // as many tokens as are read are there
    void drop() { queue_.clear(); }
    bool full() const { return false; }
    size_t size() const { return queue_.size(); }
    void read(T &value) { value = read(); }
    T read() {
        if (endless_ && queue_.empty())
            supply();
        if (queue_.empty())
            s4rec::fail("underrun " + (wire_ >= 0 ? s4rec::state().wires[wire_].name : std::string("?")) + " " +
                        s4rec::here());
        if (wire_ >= 0) {
            s4rec::touch(wire_, false);
            s4rec::state().wires[wire_].read += 1;
        }
        T value = queue_.front();
        queue_.pop_front();
        return value;
    }
    void write(const T &value) {
        if (wire_ >= 0) {
            s4rec::touch(wire_, true);
            record(value);
        }
        queue_.push_back(value);
    }
    bool read_nb(T &value) {
        if (queue_.empty())
            return false;
        value = read();
        return true;
    }
    bool write_nb(const T &value) {
        write(value);
        return true;
    }

    void offer(const uint64_t *raw) {  // a token from raw bits, for the test bench
        T value;
        for (int i = 0; i < token::elements; i++)
            element::assign(token::at(value, i), raw[i]);
        write(value);
    }

  private:
    // Zeros, and in the frames after the steady one units of the last place here and there: they are safe as indices.
    void supply() {
        T value = T();
        for (int i = 0; i < token::elements; i++) {
            random_ = random_ * 1664525u + 1013904223u;
            element::assign(token::at(value, i), s4rec::state().frame > s4rec::STEADY_FRAME ? random_ >> 31 : 0);
        }
        if (wire_ >= 0)
            record(value);
        queue_.push_back(value);
    }
    static int enrol(const std::string &name) {
        s4rec::State &s = s4rec::state();
        if (s.task)
            return -1;
        std::map<std::string, int>::iterator found = s.wire_by_name.find(name);
        if (found != s.wire_by_name.end())
            return found->second;
        s4rec::Wire wire;
        wire.name = name;
        wire.elements = token::elements;
        wire.width = element::width;
        wire.integer = element::integer;
        wire.is_signed = element::is_signed;
        wire.rounds = element::rounds;
        wire.saturates = element::saturates;
        if (element::width < 1 || (element::width > 64 && s.keep_tokens))
            s4rec::fail("width " + name + " " + std::to_string(int(element::width)));
        wire.bytes = element::width <= 8 ? 1 : element::width <= 16 ? 2 : element::width <= 32 ? 4 : 8;
        s.wires.push_back(wire);
        s.wire_by_name[name] = int(s.wires.size()) - 1;
        return int(s.wires.size()) - 1;
    }
    void record(const T &value) {
        s4rec::Wire &wire = s4rec::state().wires[wire_];
        wire.written += 1;
        if (!s4rec::state().keep_tokens)
            return;
        for (int i = 0; i < token::elements; i++) {
            uint64_t raw = element::bits(token::at(value, i));
            for (int byte = 0; byte < wire.bytes; byte++, raw >>= 8)
                wire.tokens.push_back(uint8_t(raw));
        }
    }

    int wire_;
    bool endless_ = false;
    uint32_t random_ = 1;
    std::deque<T> queue_;
};

} // namespace hls

#endif
