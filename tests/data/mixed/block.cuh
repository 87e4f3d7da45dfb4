// One block a row: the threads stride over the columns and combine their parts in shared memory.
#pragma once
#include "common/epilogue.cuh"
#include "common/half.cuh"

namespace tw::dequantise::block {

struct Knobs {
  int threads;
  bool reads_scale_once;
};

template <class Sum>
struct Part {
  Sum sum;
  int zeros, largest;
  unsigned long long checksum;
};

template <class Types, class V, class Epilogue>
__global__ void kernel(int columns, const typename Types::index_t* index,
                       const typename Types::codes_t* codes, const typename Types::scale_t* scale,
                       typename Types::y_t* y, typename Types::sum_t* sum,
                       typename Types::zeros_t* zeros, typename Types::largest_t* largest,
                       typename Types::checksum_t* checksum) {
  using Sum = typename Types::sum_t;
  constexpr int threads = V::knobs.threads;
  __shared__ Part<Sum> parts[threads];
  const auto row = static_cast<long long>(blockIdx.x);
  const int from = index[row], thread = static_cast<int>(threadIdx.x);
  const auto once = to_float(scale[from]);
  Part<Sum> mine{0, 0, 0, 0};
  for (int column = thread; column < columns; column += threads) {
    const int code = codes[static_cast<long long>(from) * columns + column];
    const float factor = V::knobs.reads_scale_once ? once : to_float(scale[from]);
    const Sum value = static_cast<Sum>(factor) * static_cast<Sum>(code);
    y[row * columns + column] = from_float<typename Types::y_t>(static_cast<float>(value));
    mine.sum += value;
    mine.zeros += code == 0 ? 1 : 0;
    mine.largest = max(mine.largest, code);
    mine.checksum +=
        static_cast<unsigned long long>(code) * ((1ull << 52) + static_cast<unsigned>(column));
  }
  parts[thread] = mine;
  for (int half = threads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (thread >= half) continue;
    const Part<Sum>& other = parts[thread + half];
    parts[thread].sum += other.sum;
    parts[thread].zeros += other.zeros;
    parts[thread].largest = max(parts[thread].largest, other.largest);
    parts[thread].checksum += other.checksum;
  }
  if (thread != 0) return;
  sum[row] = parts[0].sum;
  zeros[row] = parts[0].zeros;
  largest[row] = static_cast<typename Types::largest_t>(parts[0].largest);
  checksum[row] = static_cast<typename Types::checksum_t>(parts[0].checksum);
}

}  // namespace tw::dequantise::block
