#include <device_launch_parameters.h>

#include "cuda_runtime.h"
#include "parts.cuh"

__device__ int bit(unsigned long long x, int i) { return int(x >> i & 1); }

__global__ void check(const unsigned* x, unsigned* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  Results out{y + i * RESULTS};
  for (int k = 0; k < RESULTS; ++k) out.at[k] = 0;
  const unsigned a = bits_of(x[i], i) >> (i % 29), b = bits_of(x[i], i + n),
                 c = bits_of(x[i], i + 2 * n);
  const unsigned long long w = (unsigned long long)a << 32 | b, v = (unsigned long long)c << 32 | a;
  int ones = 0, ones64 = 0, first = 0, first64 = 0, zeros = 0, zeros64 = 0;
  unsigned reversed = 0;
  unsigned long long reversed64 = 0;
  for (int k = 0; k < 64; ++k) {
    ones64 += bit(w, k);
    if (first64 == 0 && bit(w, k)) first64 = k + 1;
    if (zeros64 == k && !bit(w, 63 - k)) ++zeros64;
    reversed64 |= (unsigned long long)bit(w, k) << (63 - k);
    if (k >= 32) continue;
    ones += bit(a, k);
    if (first == 0 && bit(a, k)) first = k + 1;
    if (zeros == k && !bit(a, 31 - k)) ++zeros;
    reversed |= unsigned(bit(a, k)) << (31 - k);
  }
  out.add(ones, __popc(a));
  out.add(ones64, __popcll(w));
  out.add(first, __ffs(a));
  out.add(first64, __ffsll(w));
  out.add(zeros, __clz(a));
  out.add(zeros64, __clzll(w));
  out.add(reversed, __brev(a));
  out.add(reversed64, __brevll(w));
  unsigned bytes = 0;
  for (int k = 0; k < 4; ++k) bytes |= unsigned(v >> (8 * (c >> (4 * k) & 7)) & 255) << (8 * k);
  out.add(bytes, __byte_perm(a, c, c & 0x7777));
  const int s = b % 32;
  out.add(unsigned((w << s) >> 32), __funnelshift_l(b, a, s));
  out.add(unsigned(w >> s), __funnelshift_r(b, a, s));
  out.add(a, __funnelshift_rc(b, a, 40));
  out.add(unsigned((unsigned long long)b * c >> 32), __umulhi(b, c));
  out.add(int(((long long)int(b) * int(c)) >> 32), __mulhi(int(b), int(c)));
  const unsigned long long low = (w & 0xffffffffu) * (v & 0xffffffffu),
                           cross1 = (w >> 32) * (v & 0xffffffffu),
                           cross2 = (w & 0xffffffffu) * (v >> 32);
  const unsigned long long carry = (low >> 32) + (cross1 & 0xffffffffu) + (cross2 & 0xffffffffu);
  out.add((w >> 32) * (v >> 32) + (cross1 >> 32) + (cross2 >> 32) + (carry >> 32),
          __umul64hi(w, v));
  out.add(int(b << 8) / 256 * (int(c << 8) / 256), __mul24(int(b), int(c)));
  out.add((int(b) > int(c) ? b - c : c - b) + 5u, __sad(int(b), int(c), 5u));
  out.add((b > c ? b - c : c - b) + a, __usad(b, c, a));
  int dot = 9;
  unsigned sums = 0, saturated = 0, sad = 0, greater = 0;
  for (int k = 0; k < 32; k += 8) {
    const unsigned p = b >> k & 255, q = c >> k & 255;
    dot += int((signed char)p) * int((signed char)q);
    sums |= (p + q & 255) << k;
    saturated |= (p + q > 255 ? 255 : p + q) << k;
    sad += p > q ? p - q : q - p;
    greater |= (p > q ? 255u : 0u) << k;
  }
  out.add(dot, __dp4a(int(b), int(c), 9));
  out.add(sums, __vadd4(b, c));
  out.add(saturated, __vaddus4(b, c));
  out.add(sad, __vsadu4(b, c));
  out.add(greater, __vcmpgtu4(b, c));
  out.add(int(((long long)int(b) + int(c)) >> 1), __hadd(int(b), int(c)));
  out.add(b < c ? b : c, min(b, c));
  out.add(b < c ? c : b, umax(b, c));
  int most = int(a) > int(b) ? int(a) : int(b);
  most = most > int(c) ? most : int(c);
  out.add(most < 0 ? 0 : most, __vimax3_s32_relu(int(a), int(b), int(c)));
  out.add(int((short)b) * (signed char)c + int((short)(b >> 16)) * (signed char)(c >> 8) + 1,
          __dp2a_lo(int(b), int(c), 1));
  out.add(b < unsigned(7) ? 7u : b, max(7, b));
  const float f = int(b) / 65536.0f;
  out.add(int(rintf(f)), __float2int_rn(f));
  out.add(int(floorf(f)), __float2int_rd(f));
  out.add(int(ceilf(f)), __float2int_ru(f));
  out.add(int(f), __float2int_rz(f));
  out.add(2147483647, __float2int_rz(3e9f + float(i)));
  out.add(0u, __float2uint_rz(-1.5f));
  out.add(float(double(b) / 3 * 3 < 0 ? 0 : b), __uint2float_rn(b));
  const float g = int(c) / 65536.0f;
  const float product = f * g;
  const double exact = double(f) * g;
  out.add(product > exact ? nextafterf(product, -__int_as_float(0x7f800000)) : product,
          __fmul_rd(f, g));
  out.add(product < exact ? nextafterf(product, __int_as_float(0x7f800000)) : product,
          __fmul_ru(f, g));
  out.add(float(double(f) + g), __fadd_rn(f, g));
  out.add(fmaf(f, g, 1.0f), __fmaf_rn(f, g, 1.0f));
  const dim3 one(2), block = blockDim;
  const uint3 thread = threadIdx;
  out.add(threadIdx.x + one.y + blockDim.x, thread.x + 1 + block.x);
}
