// assert for tracing: found before the C library's, hence its name. HLS builds no hardware for it, so what fails is told and the run goes
// on. hls4ml 1.3 takes one function for both products of a recurrent layer with the resource strategy, which asserts that it suits both.
//
// No include guard: as with the C library's, each inclusion defines the macro again.
#include "split4ml_recorder.h"
#undef assert
#define assert(condition) (static_cast<bool>(condition) ? void(0) : s4rec::unasserted(#condition))
