// How far loops are unrolled, besides TW_UNROLL.
#pragma once

#include "common/config.cuh"

// Keeps the loop that follows as it is: rare code had better be short.
#ifndef TW_ROLLED
#ifdef TW_CPU_DEVICE
#define TW_ROLLED
#else
#define TW_ROLLED _Pragma("unroll 1")
#endif
#endif
