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

    static void push(hls::stream<T> &stream, const uint64_t *&source, size_t tokens) {
        for (size_t t = 0; t < tokens; t++) {
            T token;
            for (unsigned e = 0; e < T::size; e++) {
                ap_uint<words * 64> bits = 0;
                for (size_t w = words; w-- > 0;) {
                    if (words > 1)
                        bits <<= words > 1 ? 64 : 0;
                    bits |= ap_uint<64>(source[w]);
                }
                token[e].range(width - 1, 0) = ap_uint<width>(bits);
                source += words;
            }
            stream.write(token);
        }
    }

    static void pop(hls::stream<T> &stream, uint64_t *&target, size_t tokens) {
        for (size_t t = 0; t < tokens; t++) {
            T token = stream.read();
            for (unsigned e = 0; e < T::size; e++) {
                ap_uint<words * 64> bits = ap_uint<width>(token[e].range(width - 1, 0));
                for (size_t w = 0; w < words; w++) {
                    *target++ = ap_uint<64>(bits).to_uint64();
                    if (words > 1)
                        bits >>= words > 1 ? 64 : 0;
                }
            }
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
