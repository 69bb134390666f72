// What the generated test bench needs: files in and out, facts, weights.
#ifndef SPLIT4ML_HARNESS_H_
#define SPLIT4ML_HARNESS_H_

#include "hls_stream.h"
#include <cstddef>

namespace s4rec {

// Values from a file of doubles, relative to the working directory; what is not in the file stays 0.
template <class T, size_t N> bool fill(T (&array)[N], const char *path) {
    std::FILE *file = std::fopen(path, "rb");
    if (!file)
        fail("unreadable " + std::string(path));
    double value;
    for (size_t i = 0; i < N && std::fread(&value, sizeof value, 1, file) == 1; i++)
        array[i] = T(value);
    std::fclose(file);
    return true;
}

class Writer {
  public:
    explicit Writer(const char *path) : file_(std::fopen(path, "wb")) {
        if (!file_)
            fail("unwritable " + std::string(path));
    }
    ~Writer() {
        if (std::fclose(file_))
            fail("unwritable trace");
    }
    void raw(const void *data, size_t bytes) {
        if (bytes && std::fwrite(data, 1, bytes, file_) != bytes)
            fail("unwritable trace");
    }
    void number(int64_t value) { raw(&value, sizeof value); }
    void text(const std::string &value) {
        number(int64_t(value.size()));
        raw(value.data(), value.size());
    }
    template <class T> void array(const std::vector<T> &values) {
        number(int64_t(values.size()));
        raw(values.data(), values.size() * sizeof(T));
    }
    void integer_fact(const char *key, int64_t value) {
        text(key);
        number(value);
    }
    void real_fact(const char *key, double value) {
        text(key);
        raw(&value, sizeof value);
    }
    template <class T> void type_fact(const char *key) {
        text(key);
        number(Element<T>::width);
        number(Element<T>::integer);
        number(Element<T>::is_signed);
        number(Element<T>::rounds);
        number(Element<T>::saturates);
    }
    template <class T, size_t N> void weights(const char *key, const T (&values)[N]) {
        text(key);
        number(Element<T>::width);
        number(Element<T>::is_signed);
        std::vector<uint64_t> raw_bits;
        if (Element<T>::width >= 1 && Element<T>::width <= 64)
            for (size_t i = 0; i < N; i++)
                raw_bits.push_back(Element<T>::bits(values[i]));
        array(raw_bits);
    }
    template <class T> void weights(const char *key, const T &) {  // a scalar
        text(key);
        number(0);
        number(0);
        array(std::vector<uint64_t>());
    }
    void recording() {
        State &s = state();
        number(int64_t(s.wires.size()));
        for (const Wire &wire : s.wires) {
            text(wire.name);
            for (int32_t value : {wire.elements, wire.width, wire.integer, wire.is_signed, wire.rounds, wire.saturates, wire.bytes})
                number(value);
            array(wire.tokens);
        }
        number(int64_t(s.tasks.size()));
        for (const Profile &task : s.tasks) {
            number(task.variant);
            array(task.entered);
            array(task.counted);
            program(task.tables, task.steady);
        }
        number(s.kept);
    }

    // Of the frame `root`; what other frames used is written as well.
    void program(const Tables &tables, int32_t root) {
        number(root);
        number(int64_t(tables.bodies.size()));
        for (const Body &body : tables.bodies)
            array(body);
        number(int64_t(tables.loops.size()));
        for (const LoopRecord &loop : tables.loops) {
            number(loop.site);
            number(loop.ii);
            array(loop.runs);
        }
    }

  private:
    std::FILE *file_;
};

class Reader {
  public:
    explicit Reader(const char *path) : file_(std::fopen(path, "rb")) {
        if (!file_)
            fail("unreadable " + std::string(path));
    }
    ~Reader() { std::fclose(file_); }
    int64_t number() {
        int64_t value = 0;
        raw(&value, sizeof value);
        return value;
    }
    void raw(void *data, size_t bytes) {
        if (std::fread(data, 1, bytes, file_) != bytes)
            fail("unreadable inputs");
    }
    // Loads all tokens of the next input, as raw bits.
    template <class T> void tokens(hls::stream<T> &, const char *name) {
        const int64_t tokens = number(), elements = number();
        if (elements != Token<T>::elements)
            fail("elements " + std::string(name) + " " + std::to_string(int(Token<T>::elements)));
        inputs_.push_back(std::vector<uint64_t>(size_t(tokens * elements)));
        raw(inputs_.back().data(), inputs_.back().size() * sizeof(uint64_t));
    }
    // Writes them into the stream.
    template <class T> void offer(hls::stream<T> &stream, size_t input) const {
        const std::vector<uint64_t> &values = inputs_[input];
        for (size_t at = 0; at < values.size(); at += Token<T>::elements)
            stream.offer(&values[at]);
    }

  private:
    std::FILE *file_;
    std::vector<std::vector<uint64_t>> inputs_;
};

inline void prepare(const std::vector<std::string> &tasks, size_t loops, size_t functions) {
    State &s = state();
    s.task_names = tasks;
    s.tasks.resize(tasks.size());
    for (Profile &task : s.tasks) {
        task.counted.resize(loops);
        task.entered.resize(functions);
    }
}

} // namespace s4rec

#endif
