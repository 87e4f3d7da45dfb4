// The first pass of wgmma_packed.cuh: it writes A and B in the order in which the second pass reads
// them. So their rows may begin at any address.
//
//    an operand, packed: tiles of 8 KiB, each as wgmma reads it in shared memory
//
//      | k 0..63, x 0..63 | k 0..63, x 64..127 | .. | k 64..127, x 0..63 | ..
//
// A tile has 64 lines of 128 bytes, parts of 64 stored rows. Chunk c of 16 bytes of a line lies at
// c ^ (line % 8). Zeros stand beyond the operand's edges. The second pass copies blocks of up to
// four tiles along x. So it may read up to three tiles beyond the last one; the results of such
// rows and columns are not stored.
#pragma once

#include "common/config.cuh"
#include "common/vector.cuh"
#include "gemm/arguments.cuh"
#include "gemm/op.cuh"

namespace tw::gemm::wgmma_packed {

constexpr int kTileElements = 64 * 64;

// The tiles along x of an operand with so many rows or columns in C.
TW_DEVICE int tiles_along(int extent) { return (extent - 1) / 64 + 1; }

// 16 bytes of neighbouring elements.
template <class T>
union Chunk {
  unsigned words[4];
  Vector<T, 8> elements;
};

// A stored matrix: `rows` rows of `columns` elements, `leading` apart.
template <class T>
struct Stored {
  const T* data;
  int rows, columns;
  long long leading;

  // Returns the elements from (row, column) on, and zeros for those beyond the edges.
  TW_DEVICE Chunk<T> chunk(int row, int column) const {
    Chunk<T> result{};
    if (row >= rows || column >= columns) return result;
    const long long first = row * leading + column;
    const auto skipped =
        static_cast<int>(reinterpret_cast<unsigned long long>(data + first) % 16 / sizeof(T));
    const long long behind = first - skipped + (skipped > 0 ? 16 : 8);
    if (column + 8 <= columns && first >= skipped && behind <= (rows - 1) * leading + columns) {
      return shifted(data + (first - skipped), skipped);
    }
    TW_UNROLL
    for (int i = 0; i < 8; ++i) {
      if (column + i < columns) result.words[i / 2] |= data[first + i].bits << i % 2 * 16;
    }
    return result;
  }

 private:
  // Reads two vectors that are aligned, and returns the elements after the first `skipped` ones.
  static TW_DEVICE Chunk<T> shifted(const T* aligned, int skipped) {
    Chunk<T> parts[2];
    parts[0].elements = load_vector<8>(aligned);
    parts[1].elements = skipped > 0 ? load_vector<8>(aligned + 8) : parts[0].elements;
    unsigned words[8];
    TW_UNROLL
    for (int i = 0; i < 8; ++i) words[i] = parts[i / 4].words[i % 4];
    TW_UNROLL
    for (int i = 0; i < 6; ++i) words[i] = skipped & 4 ? words[i + 2] : words[i];
    TW_UNROLL
    for (int i = 0; i < 5; ++i) words[i] = skipped & 2 ? words[i + 1] : words[i];
    Chunk<T> result;
    TW_UNROLL
    for (int i = 0; i < 4; ++i) {
      result.words[i] = skipped & 1 ? words[i] >> 16 | words[i + 1] << 16 : words[i];
    }
    return result;
  }
};

// Writes one tile of an operand. (x, k) counts tiles.
template <bool kKMajor, class T>
TW_DEVICE void pack_tile(const T* data, long long leading, int extent, int depth, int x, int k,
                         T* packed) {
  const Stored<T> stored{data, kKMajor ? extent : depth, kKMajor ? depth : extent, leading};
  T* const tile = packed + (static_cast<long long>(k) * tiles_along(extent) + x) * kTileElements;
  TW_UNROLL
  for (int i = 0; i < 2; ++i) {
    const int at = i * 256 + static_cast<int>(threadIdx.x);
    const int line = at / 8, c = at % 8;
    const Chunk<T> chunk =
        stored.chunk((kKMajor ? x : k) * 64 + line, (kKMajor ? k : x) * 64 + c * 8);
    store_vector(tile + (line * 64 + (c ^ line % 8) * 8), chunk.elements);
  }
}

// Blocks have 256 threads and pack one tile after the other. batch_a, batch_b: the numbers of
// matrices that differ.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(256)
    pack(Size size, Operand<T, V> a, int batch_a, Operand<T, V> b, int batch_b, T* packed_a,
         T* packed_b) {
  constexpr bool kKMajorA = !transposed_a(V::choices.layout);
  constexpr bool kKMajorB = transposed_b(V::choices.layout);
  const int k_tiles = (size.k - 1) / 64 + 1;
  const int tiles_a = tiles_along(size.m), tiles_b = tiles_along(size.n);
  const long long all_a = static_cast<long long>(batch_a) * k_tiles * tiles_a;
  const long long all_b = static_cast<long long>(batch_b) * k_tiles * tiles_b;
  for (long long tile = blockIdx.x; tile < all_a + all_b; tile += gridDim.x) {
    const bool is_a = tile < all_a;
    const long long at = is_a ? tile : tile - all_a;
    const int tiles = is_a ? tiles_a : tiles_b;
    const auto x = static_cast<int>(at % tiles);
    const auto depth = static_cast<int>(at / tiles % k_tiles);
    const auto batch = static_cast<int>(at / tiles / k_tiles);
    const long long whole = static_cast<long long>(k_tiles) * tiles * kTileElements;
    if (is_a) {
      pack_tile<kKMajorA>(matrix(a.data, batch, a.stride), a.ld, size.m, size.k, x, depth,
                          packed_a + batch * whole);
    } else {
      pack_tile<kKMajorB>(matrix(b.data, batch, b.stride), b.ld, size.n, size.k, x, depth,
                          packed_b + batch * whole);
    }
  }
}

}  // namespace tw::gemm::wgmma_packed
