// Reduction along an axis with a stride: y[o, i] = epilogue(operation over x[o, :, i]).
//
//                 inner ->
//               |<- column_threads * vector ->|      Threads lie side by side along inner, so that
//     extent    | t0   | t1   | ... | t31     |      a load reads neighbouring elements, and in
//       |       | t32  | t33  | ... | t63     |      threads / column_threads rows along the
//       v       |  :                          |      extent. Each thread keeps a fold for each of
//               | t0   | t1   | ...           |      its `vector` columns. In the end the folds of
//                                                    a column are merged.
//
// If there are few columns, several blocks share them, each with a part of the extent. The last
// block to finish adds up their results in the order of the parts, so that the result does not
// depend on timing.
//
// The knobs and their trade-offs:
//   threads         a block's size
//   column_threads  threads along inner: as many as there are columns, up to whole lines of memory;
//                   the rest are along the extent
//   vector          elements of a load; 16 bytes need the fewest instructions if all is aligned
//   unroll          rows that a thread loads before it uses the first: more bytes in flight, more
//                   registers
//   blocks_per_sm   0: a block has whole columns; otherwise the extent is split into parts so that
//                   there are so many blocks
#pragma once

#include "common/config.cuh"
#include "common/convert.cuh"
#include "common/epilogue.cuh"
#include "common/half.cuh"
#include "common/vector.cuh"
#include "reduce/fold.cuh"
#include "reduce/op.cuh"

namespace tw::reduce::columns {

struct Knobs {
  int threads;
  int column_threads;
  int vector;
  int unroll;
  int blocks_per_sm;
};

// Constants that follow from the knobs, and the thread's place.
template <class V>
struct Tiling {
  static constexpr Knobs knobs = V::knobs;
  static constexpr int kRows = knobs.threads / knobs.column_threads;
  static constexpr int kColumns = knobs.column_threads * knobs.vector;  // columns of a block
  using F = Fold<V::choices.operation>;

  static TW_DEVICE int row() { return static_cast<int>(threadIdx.x) / knobs.column_threads; }
  static TW_DEVICE int column() {
    return static_cast<int>(threadIdx.x) % knobs.column_threads * knobs.vector;
  }
};

// Updates the folds of a thread's columns with the rows row(), row() + kRows, ... of the `rows`
// that begin at `from`. `from` is the thread's first column in the first row.
template <class T, class V, class F, int kVector>
TW_DEVICE void add_rows(F (&folds)[kVector], const T* from, long long inner, long long rows) {
  using G = Tiling<V>;
  constexpr int kUnroll = G::knobs.unroll;
  from += G::row() * inner;
  const long long step = G::kRows * inner;
  long long left = rows - G::row();
  for (; left > 0; left -= G::kRows * kUnroll) {
    Vector<T, kVector> stored[kUnroll];
    float values[kUnroll][kVector];
    if (left > G::kRows * (kUnroll - 1)) {
      TW_UNROLL
      for (int i = 0; i < kUnroll; ++i) stored[i] = load_vector<kVector>(from + i * step);
      TW_UNROLL
      for (int i = 0; i < kUnroll; ++i) widen(stored[i], values[i]);
    } else {  // the last rows: again all loads come before the first use
      TW_UNROLL
      for (int i = 0; i < kUnroll; ++i) {
        if (G::kRows * i < left) stored[i] = load_vector<kVector>(from + i * step);
      }
      TW_UNROLL
      for (int i = 0; i < kUnroll; ++i) {
        widen(stored[i], values[i]);
        TW_UNROLL
        for (int j = 0; j < kVector; ++j) {
          if (G::kRows * i >= left) values[i][j] = F::neutral();
        }
      }
    }
    TW_UNROLL
    for (int j = 0; j < kVector; ++j) {
      float column[kUnroll];
      TW_UNROLL
      for (int i = 0; i < kUnroll; ++i) column[i] = values[i][j];
      folds[j].add(column);
    }
    from += kUnroll * step;
  }
}

// Merges the folds of each column over the thread rows. One thread calls use(column, fold) for each
// column of the block.
template <class V, class F, int kVector, class Use>
TW_DEVICE void join_rows(const F (&folds)[kVector], Use use) {
  using G = Tiling<V>;
  __shared__ float words[F::kWords][G::kRows][G::kColumns];
  __syncthreads();
  TW_UNROLL
  for (int j = 0; j < kVector; ++j) {
    TW_UNROLL
    for (int i = 0; i < F::kWords; ++i) words[i][G::row()][G::column() + j] = folds[j].word[i];
  }
  __syncthreads();
  for (int c = static_cast<int>(threadIdx.x); c < G::kColumns; c += G::knobs.threads) {
    F fold;
    for (int r = 0; r < G::kRows; ++r) {
      F other;
      TW_UNROLL
      for (int i = 0; i < F::kWords; ++i) other.word[i] = words[i][r][c];
      fold.merge(other);
    }
    use(c, fold);
  }
}

// Grid: a block for each tile of columns of each o, times `parts`. If blocks_per_sm is 0, parts is
// 1 and the workspace is not used. partials: a fold for each part of each of a tile's columns.
// arrived: a zero for each tile.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(V::knobs.threads)
    kernel(const T* x, T* y, long long extent, int inner, long long ldx, int parts,
           typename Epilogue::Args epilogue, [[maybe_unused]] float* partials,
           [[maybe_unused]] unsigned* arrived) {
  using G = Tiling<V>;
  using F = typename G::F;
  constexpr Knobs knobs = V::knobs;
  const int tiles = (inner - 1) / G::kColumns + 1;
  int tile = static_cast<int>(blockIdx.x);
  int part = 0;
  if constexpr (knobs.blocks_per_sm != 0) {
    part = tile % parts;
    tile /= parts;
  }
  const int o = tile / tiles;
  const int first = tile % tiles * G::kColumns;
  const auto store = [&](int column, const F& fold) {
    if (column >= inner - first) return;
    const long long at = static_cast<long long>(o) * inner + first + column;
    const float result = fold.result(extent);
    y[at] = from_float<T>(Epilogue::template apply<T>(result, epilogue, {o, first + column, at}));
  };

  F folds[knobs.vector];
  if (G::column() < inner - first) {
    const T* const from = x + o * ldx + first + G::column();
    if constexpr (knobs.blocks_per_sm == 0) {
      add_rows<T, V>(folds, from, inner, extent);
    } else {
      const long long begin = extent * part / parts;
      const long long end = extent * (part + 1) / parts;
      add_rows<T, V>(folds, from + begin * inner, inner, end - begin);
    }
  }
  if constexpr (knobs.blocks_per_sm == 0) {
    join_rows<V>(folds, store);
  } else {
    // partials[tile][part][word][column]
    float* const mine = partials + static_cast<long long>(tile) * parts * (F::kWords * G::kColumns);
    join_rows<V>(folds, [&](int column, const F& fold) {
      store_fold(mine + part * (F::kWords * G::kColumns) + column, G::kColumns, fold);
    });
    if (!arrives_last(arrived + tile, parts)) return;
    TW_UNROLL
    for (int j = 0; j < knobs.vector; ++j) {
      folds[j] = {};
      for (int p = G::row(); p < parts; p += G::kRows) {
        folds[j].merge(
            load_fold<F>(mine + p * (F::kWords * G::kColumns) + G::column() + j, G::kColumns));
      }
    }
    join_rows<V>(folds, store);
  }
}

}  // namespace tw::reduce::columns
