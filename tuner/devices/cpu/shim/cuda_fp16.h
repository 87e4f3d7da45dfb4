// CUDA's binary16 on the host.
#pragma once

#include <type_traits>

#include "shim_format16.h"

#define TW_T __half
#define TW_T2 __half2
#define TW_RAW __half_raw
#define TW_NAME half
#define TW_NAME2 half2
#define TW_FORMAT tw_cpu::half_format
#include "shim_float16.h"
#undef TW_T
#undef TW_T2
#undef TW_RAW
#undef TW_NAME
#undef TW_NAME2
#undef TW_FORMAT

using half = __half;
using half2 = __half2;
using nv_half = __half;
using nv_half2 = __half2;

#define CUDART_INF_FP16 __ushort_as_half(0x7c00u)
#define CUDART_NAN_FP16 __ushort_as_half(0x7fffu)
#define CUDART_MAX_NORMAL_FP16 __ushort_as_half(0x7bffu)
#define CUDART_MIN_DENORM_FP16 __ushort_as_half(0x0001u)
#define CUDART_ONE_FP16 __ushort_as_half(0x3c00u)
#define CUDART_ZERO_FP16 __ushort_as_half(0x0000u)
