// CUDA's bfloat16 on the host.
#pragma once

#include <type_traits>

#include "shim_format16.h"

#define TW_T __nv_bfloat16
#define TW_T2 __nv_bfloat162
#define TW_RAW __nv_bfloat16_raw
#define TW_NAME bfloat16
#define TW_NAME2 bfloat162
#define TW_FORMAT tw_cpu::bfloat_format
#include "shim_float16.h"
#undef TW_T
#undef TW_T2
#undef TW_RAW
#undef TW_NAME
#undef TW_NAME2
#undef TW_FORMAT

using nv_bfloat16 = __nv_bfloat16;
using nv_bfloat162 = __nv_bfloat162;

#define CUDART_INF_BF16 __ushort_as_bfloat16(0x7f80u)
#define CUDART_NAN_BF16 __ushort_as_bfloat16(0x7fffu)
#define CUDART_MAX_NORMAL_BF16 __ushort_as_bfloat16(0x7f7fu)
#define CUDART_ONE_BF16 __ushort_as_bfloat16(0x3f80u)
#define CUDART_ZERO_BF16 __ushort_as_bfloat16(0x0000u)
