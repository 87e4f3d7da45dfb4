// y = epilogue(x), element by element. Memory bounds this kernel, so only the movement of the bytes
// counts.
//
//    row   |<-------------- a tile: unroll * threads * vector elements -------------->|
//          | vector of thread 0 | thread 1 | ... | thread 0 | thread 1 | ... | ... |
//           \______________ first load ________/ \_______ second load ____/
//
// Blocks are numbered by tile and by row. Arrays without gaps between their rows are one long row.
//
// A small array takes 2 us. Half of this time is the way to memory and back. In the rest the SMs
// read code from memory for the first time. So the code is short: it has no division, and no loop
// if a block has one tile.
//
// The knobs and their trade-offs:
//   threads        a block's size: smaller ones start and end more smoothly, larger ones cost less
//   vector         elements of a load; 16 bytes need the fewest instructions if all is aligned
//   unroll         loads that a thread starts before it uses the first: more bytes in flight, more
//                  registers
//   blocks_per_sm  blocks per SM, each of which processes several tiles; 0: a block for each tile
//   flat           one row of all elements: no row index, but one division for each element if a
//                  step of the chain needs the row
//   load, store    streaming: the caches evict these lines first
#pragma once

#include "common/cache.cuh"
#include "common/config.cuh"
#include "common/convert.cuh"
#include "common/epilogue.cuh"
#include "common/loops.cuh"
#include "common/vector.cuh"

namespace tw::activation::stream {

enum class Load { cached, streaming };
enum class Store { cached, streaming };

struct Knobs {
  int threads;
  int vector;
  int unroll;
  int blocks_per_sm;
  bool flat;
  Load load;
  Store store;
};

// A row of x, or all of x, with the arguments of the chain.
template <class T, class V, class Epilogue>
struct Row {
  static constexpr Knobs knobs = V::knobs;
  static constexpr int kStep = knobs.threads * knobs.vector;

  const T* x;
  T* y;
  long long length;
  int row;            // 0 if flat
  long long offset;   // of the row's first element, in y
  long long columns;  // columns of a row of the tensor
  const typename Epilogue::Args& epilogue;

  // Returns the place of an element. Steps without tensors do not use it.
  TW_DEVICE epilogue::Point point(long long at) const {
    if constexpr (Epilogue::tensors == 0) {
      return {};
    } else if constexpr (knobs.flat) {
      return {static_cast<int>(at / columns), static_cast<int>(at % columns), at};
    } else {
      return {row, static_cast<int>(at), offset + at};
    }
  }

  template <int kCount>
  TW_DEVICE Vector<T, kCount> applied(const Vector<T, kCount>& stored, long long at) const {
    float values[kCount];
    widen(stored, values);
    TW_UNROLL
    for (int i = 0; i < kCount; ++i) {
      values[i] = Epilogue::template apply<T>(values[i], epilogue, point(at + i));
    }
    return narrow<T>(values);
  }

  // Processes a thread's share of this row. `first` is the thread's first element in the block's
  // first tile.
  TW_DEVICE void walk(long long first) const {
    if constexpr (knobs.blocks_per_sm == 0) {
      process(first);
    } else {
      const long long step = static_cast<long long>(gridDim.x) * (kStep * knobs.unroll);
      for (long long at = first; at < length; at += step) process(at);
    }
  }

  // Processes the thread's elements of one tile: `unroll` vectors, kStep apart.
  TW_DEVICE void process(long long first) const {
    if (first + (knobs.unroll - 1) * kStep + knobs.vector > length) return finish(first);
    Vector<T, knobs.vector> values[knobs.unroll];
    TW_UNROLL
    for (int i = 0; i < knobs.unroll; ++i) {
      values[i] = load_through<knobs.load == Load::streaming, knobs.vector>(x + first + i * kStep);
    }
    TW_UNROLL
    for (int i = 0; i < knobs.unroll; ++i) {
      const long long at = first + i * kStep;
      store_through<knobs.store == Store::streaming>(y + at, applied(values[i], at));
    }
  }

  // The same for a tile that reaches beyond the end of the row.
  TW_DEVICE void finish(long long first) const {
    const long long end = min(length, first + (knobs.unroll - 1) * kStep + knobs.vector);
    TW_ROLLED
    for (long long at = first; at < end; at += kStep) {
      if (at + knobs.vector <= end) {
        store_vector(y + at, applied(load_vector<knobs.vector>(x + at), at));
        continue;
      }
      TW_ROLLED
      for (long long i = at; i < end; ++i) store_vector(y + i, applied(load_vector<1>(x + i), i));
    }
  }
};

// Grid: any number of blocks in x (one for each tile of a row if blocks_per_sm is 0), and any
// number in y.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(V::knobs.threads)
    kernel(const T* x, T* y, long long length, int rows, long long ldx, long long ldy,
           long long columns, typename Epilogue::Args epilogue) {
  constexpr Knobs knobs = V::knobs;
  constexpr int kTile = knobs.threads * knobs.vector * knobs.unroll;
  const long long first = static_cast<long long>(blockIdx.x) * kTile + threadIdx.x * knobs.vector;
  if constexpr (knobs.flat) {
    Row<T, V, Epilogue>{x, y, length, 0, 0, columns, epilogue}.walk(first);
  } else {
    for (int row = static_cast<int>(blockIdx.y); row < rows; row += static_cast<int>(gridDim.y)) {
      const long long to = row * ldy;
      Row<T, V, Epilogue>{x + row * ldx, y + to, length, row, to, columns, epilogue}.walk(first);
    }
  }
}

}  // namespace tw::activation::stream
