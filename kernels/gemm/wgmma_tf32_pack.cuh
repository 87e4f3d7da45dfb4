// The first pass of wgmma_tf32.cuh for packed operands: it writes the shared operand as wgmma reads
// it. So the second pass neither transposes nor splits it. That costs one more trip through L2 or
// device memory.
//
//    packed: tiles of 64 x and 32 of k, 8 KiB each; for three passes all big parts of some k come
//    before their small parts
//
//      | k 0..31, x 0..63 | k 0..31, x 64..127 | .. | k 32..63, x 0..63 | ..
//
// A tile has a line of 128 bytes for each x. Chunk c of 16 bytes of a line lies at c ^ (x % 8).
// Zeros stand beyond the operand's last k. The second pass copies blocks of up to four tiles along
// x. So it may read up to three tiles beyond the last one; the results of such x are not stored.
#pragma once

#include "common/config.cuh"
#include "common/mma.cuh"
#include "common/vector.cuh"
#include "gemm/arguments.cuh"
#include "gemm/op.cuh"

namespace tw::gemm::wgmma_tf32 {

constexpr int kPackedTile = 64 * 32;

// The tiles along x of an operand with so many rows or columns in C.
TW_DEVICE int tiles_along(int extent) { return (extent - 1) / 64 + 1; }

// Reads four neighbouring values of a stored matrix, whose rows are aligned to 16 bytes: zeros
// beyond the edges.
TW_DEVICE Vector<float, 4> load_inside(const float* data, long long leading, int rows, int columns,
                                       int row, int column) {
  Vector<float, 4> result{};
  if (row >= rows) return result;
  const float* const from = data + row * leading + column;
  if (column + 4 <= columns) return load_vector<4>(from);
  TW_UNROLL
  for (int i = 0; i < 4; ++i) {
    if (column + i < columns) result.at[i] = from[i];
  }
  return result;
}

// Writes four neighbouring values of k, rounded to TF32 or split.
template <bool kSplits>
TW_DEVICE void store_packed(float* big_parts, float* small_parts, const float (&values)[4]) {
  Vector<unsigned, 4> big, small;
  TW_UNROLL
  for (int i = 0; i < 4; ++i) {
    const SplitOperand split(values[i]);
    big.at[i] = kSplits ? split.big : to_tf32(values[i]);
    small.at[i] = split.small;
  }
  store_vector(reinterpret_cast<unsigned*>(big_parts), big);
  if constexpr (kSplits) store_vector(reinterpret_cast<unsigned*>(small_parts), small);
}

// Blocks have 256 threads and pack two tiles of the same k at a time. A thread packs 4 x 4 values.
// A warp has 32 of k and 16 of x: both its reads and its writes are whole sectors. `batch` counts
// the matrices that differ.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(256)
    pack(Size size, Operand<T, V> a, Operand<T, V> b, int batch, T* packed) {
  constexpr bool kOfB = V::knobs.held == decltype(V::knobs.held)::a;
  constexpr bool kKMajor =
      kOfB ? transposed_b(V::choices.layout) : !transposed_a(V::choices.layout);
  constexpr bool kSplits = V::knobs.passes == 3;
  const int extent = kOfB ? size.n : size.m, k = size.k;
  const Operand<T, V>& from = kOfB ? b : a;
  const int tiles = tiles_along(extent), pairs = (tiles - 1) / 2 + 1, k_tiles = (k - 1) / 32 + 1;
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int q = lane % 8;                        // of the chunks of k
  const int in_pair = warp * 16 + lane / 8 * 4;  // the first x
  const long long units = static_cast<long long>(batch) * k_tiles * pairs;
  for (long long unit = blockIdx.x; unit < units; unit += gridDim.x) {
    const auto x = static_cast<int>(unit % pairs) * 128 + in_pair;
    if (x >= tiles * 64) continue;
    const long long slice = unit / pairs;  // of k, of all matrices
    const int at_k = static_cast<int>(slice % k_tiles) * 32 + q * 4;
    const T* const data = from.data + slice / k_tiles * from.stride;
    Vector<float, 4> values[4];
    TW_UNROLL
    for (int i = 0; i < 4; ++i) {
      values[i] = kKMajor ? load_inside(data, from.ld, extent, k, x + i, at_k)
                          : load_inside(data, from.ld, k, extent, at_k + i, x);
    }
    T* const to = packed + (slice * (kSplits ? 2 : 1) * tiles + x / 64) * kPackedTile;
    TW_UNROLL
    for (int i = 0; i < 4; ++i) {
      float of_x[4];
      TW_UNROLL
      for (int j = 0; j < 4; ++j) of_x[j] = kKMajor ? values[i].at[j] : values[j].at[i];
      const int line = x % 64 + i;
      T* const chunk = to + line * 32 + (q ^ line % 8) * 4;
      store_packed<kSplits>(chunk, chunk + static_cast<long long>(tiles) * kPackedTile, of_x);
    }
  }
}

}  // namespace tw::gemm::wgmma_tf32
