// Passes tokens between raw bits in memory and the streams of an hls4ml top function, for split4ml's C simulation.
//
// An element of W bits takes ceil(W / 64) words of 64 bits, lowest first; an element after the other, token after token.
#ifndef SPLIT4ML_RAW_BRIDGE_H_
#define SPLIT4ML_RAW_BRIDGE_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace split4ml {

template <class T> struct Port {
    static const int width = T::value_type::width;
    static const size_t words = (width + 63) / 64;
    static const size_t per_token = T::size * words;

    // The simulation model keeps an element's bits in V; going through it compiles much faster than range().
    static void push(hls::stream<T> &stream, const uint64_t *&source, size_t tokens) {
        for (size_t t = 0; t < tokens; t++) {
            T token;
            for (unsigned e = 0; e < T::size; e++)
                get<(words > 1)>(token[e], source);
            stream.write(token);
        }
    }

    static void pop(hls::stream<T> &stream, uint64_t *&target, size_t tokens) {
        for (size_t t = 0; t < tokens; t++) {
            T token = stream.read();
            for (unsigned e = 0; e < T::size; e++)
                put<(words > 1)>(token[e], target);
        }
    }

  private:
    typedef typename T::value_type Element;

    template <bool wide> static void get(Element &element, const uint64_t *&source) {
        if constexpr (wide) {
            for (size_t w = 0; w < words; w++)
                element.range(w + 1 < words ? 64 * w + 63 : width - 1, 64 * w) = ap_uint<64>(source[w]);
            source += words;
        } else {
            element.V = *source++;
        }
    }

    template <bool wide> static void put(Element &element, uint64_t *&target) {
        if constexpr (wide) {
            for (size_t w = 0; w < words; w++)
                *target++ = element.range(w + 1 < words ? 64 * w + 63 : width - 1, 64 * w).to_uint64();
        } else {
            *target++ = uint64_t(element.V) & (~uint64_t(0) >> (64 - width));
        }
    }
};

// Whether a frame used exactly its tokens. Reports the first stream that did not.
template <class T>
bool settled(hls::stream<T> &stream, size_t expected, const char *name, uint64_t frame, char *message, size_t size) {
    if (stream.size() == expected)
        return true;
    std::snprintf(message, size, "after frame %llu, the stream %s holds %llu tokens instead of %llu",
                  (unsigned long long)frame, name, (unsigned long long)stream.size(), (unsigned long long)expected);
    return false;
}

} // namespace split4ml

#endif
