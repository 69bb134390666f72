// The raw bits of element types, and the shape of tokens.
#ifndef SPLIT4ML_ELEMENTS_H_
#define SPLIT4ML_ELEMENTS_H_

#include "ap_fixed.h"
#include "ap_int.h"
#include <cstdint>
#include <type_traits>

namespace s4rec {

// width 0: a type that cannot be recorded.
template <class T> struct Element {
    static const int width = 0, integer = 0, is_signed = 0, rounds = 0, saturates = 0;
    static uint64_t bits(const T &) { return 0; }
    static void assign(T &, uint64_t) {}
};

template <int W, bool NARROW = (W <= 64)> struct Bits {
    template <class T> static uint64_t get(const T &value) {
        T copy = value;
        return ap_uint<W>(copy.range(W - 1, 0)).to_uint64();
    }
    template <class T> static void set(T &value, uint64_t raw) { value.range(W - 1, 0) = ap_uint<W>(raw); }
};
template <int W> struct Bits<W, false> {
    template <class T> static uint64_t get(const T &) { return 0; }
    template <class T> static void set(T &, uint64_t) {}
};

template <class T, int W, int I, int S, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP> struct ApElement {
    static const int width = W, integer = I, is_signed = S, rounds = Q != AP_TRN, saturates = O != AP_WRAP;
    static uint64_t bits(const T &value) { return Bits<W>::get(value); }
    static void assign(T &value, uint64_t raw) { Bits<W>::set(value, raw); }
};

template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct Element<ap_fixed<W, I, Q, O, N>> : ApElement<ap_fixed<W, I, Q, O, N>, W, I, 1, Q, O> {};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct Element<ap_ufixed<W, I, Q, O, N>> : ApElement<ap_ufixed<W, I, Q, O, N>, W, I, 0, Q, O> {};
template <int W> struct Element<ap_int<W>> : ApElement<ap_int<W>, W, W, 1> {};
template <int W> struct Element<ap_uint<W>> : ApElement<ap_uint<W>, W, W, 0> {};

// nnet::array<T, N>, or a bare element.
template <class...> struct Void {
    typedef void type;
};
template <class T, class = void> struct Token {
    typedef T element;
    static const int elements = 1;
    static const T &at(const T &token, int) { return token; }
    static T &at(T &token, int) { return token; }
};
template <class T> struct Token<T, typename Void<typename T::value_type, decltype(T::size)>::type> {
    typedef typename T::value_type element;
    static const int elements = T::size;
    static const element &at(const T &token, int i) { return token[i]; }
    static element &at(T &token, int i) { return token[i]; }
};

} // namespace s4rec

#endif
