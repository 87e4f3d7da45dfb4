// Without any header.
#include "parts.cuh"

__global__ void check(const unsigned* x, unsigned* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % warpSize;
  const unsigned all = 0xffffffffu;
  Results out{y + i * RESULTS};
  for (int k = 0; k < RESULTS; ++k) out.at[k] = 0;
  const auto value = [&](int thread) { return bits_of(x[blockIdx.x * blockDim.x + thread], 0); };
  const auto of_lane = [&](int l) { return value(threadIdx.x / 32 * 32 + l); };
  const unsigned mine = value(threadIdx.x);
  unsigned sum = 0, ands = all, ors = 0, xors = 0, least = all, most = 0, equal = 0, odd = 0;
  int most_int = -2147483647 - 1;
  for (int l = 0; l < 32; ++l) {
    const unsigned v = of_lane(l);
    sum += v;
    ands &= v | 7;
    ors |= v;
    xors ^= v;
    least = v < least ? v : least;
    most = v > most ? v : most;
    most_int = int(v) > most_int ? int(v) : most_int;
    equal |= unsigned(v % 5 == mine % 5) << l;
    odd |= (v & 1) << l;
  }
  out.add(sum, __reduce_add_sync(all, mine));
  out.add(ands, __reduce_and_sync(all, mine | 7));
  out.add(ors, __reduce_or_sync(all, mine));
  out.add(xors, __reduce_xor_sync(all, mine));
  out.add(least, __reduce_min_sync(all, mine));
  out.add(most, __reduce_max_sync(all, mine));
  out.add(most_int, __reduce_max_sync(all, int(mine)));
  out.add(equal, __match_any_sync(all, mine % 5));
  int holds = 7;
  out.add(all, __match_all_sync(all, 42, &holds));
  out.add(1, holds);
  out.add(0u, __match_all_sync(all, lane, &holds));
  out.add(0, holds);
  out.add(odd, __ballot_sync(all, mine & 1));
  const unsigned long long wide = (unsigned long long)mine << 32 | lane;
  out.add((unsigned long long)of_lane(lane ^ 7) << 32 | (lane ^ 7), __shfl_xor_sync(all, wide, 7));
  out.add(of_lane(lane / 4 * 4), __shfl_sync(all, mine, 0, 4));
  out.add(double(of_lane(3)) * 0.5 == double(of_lane(3)) / 2,
          __shfl_sync(all, mine * 0.5, 3) == double(of_lane(3)) / 2);
  out.add(true, bool(__activemask() >> lane & 1));
  unsigned count = 0;
  for (int t = 0; t < 64; ++t) count += value(t) & 1;
  out.add(int(count), __syncthreads_count(mine & 1));
  out.add(count == 64, __syncthreads_and(mine & 1) != 0);
  out.add(count != 0, __syncthreads_or(mine & 1) != 0);
}
