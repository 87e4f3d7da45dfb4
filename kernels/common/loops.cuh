// Controls how far loops are unrolled; see also TW_UNROLL.
#pragma once

#include "common/config.cuh"

// Does not unroll the loop that follows: rarely executed code is better short.
#ifndef TW_ROLLED
#ifdef TW_CPU_DEVICE
#define TW_ROLLED
#else
#define TW_ROLLED _Pragma("unroll 1")
#endif
#endif
