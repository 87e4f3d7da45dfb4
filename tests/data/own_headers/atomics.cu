#include <cuda_fp16.h>

#include "parts.cuh"

// Each block changes its own words; the last threads read them.
__global__ void check(const unsigned* x, unsigned* y, int n) {
  __shared__ unsigned words[16];
  __shared__ unsigned long long wide[4];
  __shared__ float real;
  __shared__ double real64;
  __shared__ half2 pair;
  const unsigned t = threadIdx.x, last = blockDim.x - 1;
  const auto value = [&](int thread) { return bits_of(x[blockIdx.x * blockDim.x + thread], 0); };
  if (t < 16) words[t] = t == 3 ? 0xffffffffu : t == 6 ? 0xffffffffu : 0;
  if (t < 4) wide[t] = t;
  if (t == 0) real = 0, real64 = 0, pair = __floats2half2_rn(0, 0);
  __syncthreads();
  atomicAdd(&words[0], value(t));
  atomicSub(&words[1], value(t));
  atomicMax(&words[2], value(t));
  atomicMin(&words[3], value(t));
  atomicOr(&words[4], value(t) & 0x10001000u);
  atomicXor(&words[5], value(t));
  atomicAnd(&words[6], value(t) | 0x00ffff00u);
  atomicInc(&words[7], 9);
  atomicDec(&words[8], 9);
  atomicMax((int*)&words[9], int(value(t)));
  if (atomicCAS(&words[10], 0u, t + 1) == 0) atomicExch(&words[11], 1u);
  atomicAdd_block(&words[12], 2u);
  atomicAdd(&wide[0], (unsigned long long)value(t) << 8);
  atomicMax(&wide[1], (unsigned long long)value(t) << 8);
  atomicCAS(&wide[2], 2ull, 7ull);
  atomicAdd(&real, 0.5f);
  atomicAdd(&real64, 0.25);
  atomicAdd(&pair, __floats2half2_rn(1, 2));
  __threadfence_block();
  __syncthreads();
  const int i = blockIdx.x * blockDim.x + t;
  Results out{y + i * RESULTS};
  for (int k = 0; k < RESULTS; ++k) out.at[k] = 0;
  unsigned sum = 0, most = 0, least = ~0u, ors = 0, xors = 0, ands = ~0u;
  unsigned long long sum64 = 0;
  int most_int = -2147483647 - 1;
  for (unsigned k = 0; k <= last; ++k) {
    const unsigned v = value(k);
    sum += v;
    sum64 += (unsigned long long)v << 8;
    most = v > most ? v : most;
    most_int = int(v) > most_int ? int(v) : most_int;
    least = v < least ? v : least;
    ors |= v & 0x10001000u;
    xors ^= v;
    ands &= v | 0x00ffff00u;
  }
  out.add(sum, words[0]);
  out.add(-sum, words[1]);
  out.add(most, words[2]);
  out.add(least, words[3]);
  out.add(ors, words[4]);
  out.add(xors, words[5]);
  out.add(ands, words[6]);
  out.add((last + 1) % 10, words[7]);
  out.add((10 - (last + 1) % 10) % 10, words[8]);
  out.add(most_int < 0 ? 0 : most_int, int(words[9]));
  out.add(true, words[10] >= 1 && words[10] <= last + 1);
  out.add(1u, words[11]);
  out.add(2 * (last + 1), words[12]);
  out.add(sum64, wide[0]);
  out.add((unsigned long long)most << 8, wide[1]);
  out.add(7ull, wide[2]);
  out.add(0.5f * (last + 1), real);
  out.add(0.25f * (last + 1), float(real64));
  out.add(1.0f * (last + 1), __low2float(pair));
  out.add(2.0f * (last + 1), __high2float(pair));
}
