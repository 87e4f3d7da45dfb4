// y = epilogue(x), element by element: bound by memory, so all that counts is how the bytes move.
//
//    row   |<-------------- a tile: unroll * threads * vector elements -------------->|
//          | vector of thread 0 | thread 1 | ... | thread 0 | thread 1 | ... | ... |
//           \______________ first load ________/ \_______ second load ____/
//
// Each block takes tiles, the next one `gridDim.x` tiles further on. Arrays without gaps between
// their rows are one long row.
//
// What the knobs trade:
//   threads        a block's size: smaller ones start and end more smoothly, larger ones cost less
//   vector         elements of a load; 16 bytes are the fewest instructions, if all is aligned
//   unroll         loads that a thread starts before it uses the first: bytes in flight, registers
//   blocks_per_sm  blocks that go from tile to tile; 0: a block for each tile
//   load, store    streaming: what is read or written makes room in the caches first
#pragma once

#include "common/cache.cuh"
#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/vector.cuh"

namespace tw::activation::stream {

enum class Load { cached, streaming };
enum class Store { cached, streaming };

struct Knobs {
  int threads;
  int vector;
  int unroll;
  int blocks_per_sm;
  Load load;
  Store store;
};

// Where things are. A row is `length` elements; of an array without gaps there is one row, and
// `columns` of its elements are a row of the tensor.
struct Shape {
  int rows;
  long long length;
  long long ldx;
  long long ldy;
  long long columns;

  TW_DEVICE bool flat() const { return length != columns; }

  TW_DEVICE epilogue::Point point(int row, long long column) const {
    const long long offset = row * ldy + column;
    if (!flat()) return {row, static_cast<int>(column), offset};
    return {static_cast<int>(offset / columns), static_cast<int>(offset % columns), offset};
  }
};

// The elements of one load of one thread.
template <class T, class V, class Epilogue>
TW_DEVICE Vector<T, V::knobs.vector> applied(Vector<T, V::knobs.vector> values, const Shape& shape,
                                             int row, long long column,
                                             const typename Epilogue::Args& epilogue) {
  TW_UNROLL
  for (int i = 0; i < V::knobs.vector; ++i) {
    values.at[i] =
        Epilogue::template apply<T>(values.at[i], epilogue, shape.point(row, column + i));
  }
  return values;
}

// Grid: any number of blocks.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(V::knobs.threads)
    kernel(int rows, long long length, const T* x, long long ldx, T* y, long long ldy,
           long long columns, typename Epilogue::Args epilogue) {
  constexpr Knobs knobs = V::knobs;
  constexpr long long kStep = static_cast<long long>(knobs.threads) * knobs.vector;
  constexpr long long kTile = kStep * knobs.unroll;
  const Shape shape{rows, length, ldx, ldy, columns};
  const long long tiles_a_row = (length - 1) / kTile + 1;
  for (long long tile = blockIdx.x; tile < tiles_a_row * rows; tile += gridDim.x) {
    const int row = static_cast<int>(tile / tiles_a_row);
    const long long first =
        tile % tiles_a_row * kTile + static_cast<long long>(threadIdx.x) * knobs.vector;
    const T* const from = x + row * ldx;
    T* const to = y + row * ldy;
    if (first + (kTile - kStep) + knobs.vector <= length) {
      Vector<T, knobs.vector> values[knobs.unroll];
      TW_UNROLL
      for (int i = 0; i < knobs.unroll; ++i) {
        values[i] =
            load_through<knobs.load == Load::streaming, knobs.vector>(from + first + i * kStep);
      }
      TW_UNROLL
      for (int i = 0; i < knobs.unroll; ++i) {
        const long long column = first + i * kStep;
        store_through<knobs.store == Store::streaming>(
            to + column, applied<T, V, Epilogue>(values[i], shape, row, column, epilogue));
      }
    } else {  // the end of a row
      for (int i = 0; i < knobs.unroll; ++i) {
        const long long column = first + i * kStep;
        if (column + knobs.vector <= length) {
          const auto values = load_vector<knobs.vector>(from + column);
          store_vector(to + column, applied<T, V, Epilogue>(values, shape, row, column, epilogue));
          continue;
        }
        for (long long at = column; at < length && at < column + knobs.vector; ++at) {
          to[at] = Epilogue::template apply<T>(from[at], epilogue, shape.point(row, at));
        }
      }
    }
  }
}

}  // namespace tw::activation::stream
