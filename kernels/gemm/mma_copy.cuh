// The copies of the tiles of A and B from device memory to shared memory in mma.cuh.
//
// A tile keeps the order in which its operand is stored. In a K-major operand the rows are rows of
// x (rows of A, columns of B) and run along k; otherwise they are rows of k and run along x. Rows
// are split into chunks of 16 bytes. The chunks of a row are permuted by an exclusive or that
// depends on the row, so that the chunks that a warp reads together lie in different banks:
//
//    rows of 64 bytes:   |0 1 2 3|0 1 2 3|     of 128:  |0 1 2 3 4 5 6 7|
//    8 to a line are     |1 0 3 2|1 0 3 2|              |1 0 3 2 5 4 7 6|   ...
//    128 bytes of banks  |2 3 0 1|2 3 0 1|              |2 3 0 1 6 7 4 5|
#pragma once

#include "common/async_copy.cuh"
#include "common/config.cuh"
#include "common/shared.cuh"

namespace tw::gemm::mma {

// The operands of one matrix of the batch.
template <class T>
struct Operands {
  int m, n, k;
  const T* a;
  long long lda;
  const T* b;
  long long ldb;
};

// The permutation of the chunks of a tile whose rows have kLength elements. ldmatrix reads one
// chunk of each of 8 rows at a time. If the rows are rows of k with 32-bit elements, they are read
// word by word, 8 neighbours of each of 4 rows; in these tiles chunks move in pairs.
template <class T, bool kKMajor, int kLength>
struct Swizzle {
  static constexpr int kChunk = 16 / static_cast<int>(sizeof(T));  // elements
  static constexpr int kUnit = !kKMajor && sizeof(T) == 4 ? 2 : 1;
  static constexpr int kRowsPerLine = max(1, 128 / (kLength * static_cast<int>(sizeof(T))));
  static constexpr int kPeriod = 8 / kUnit;  // rows
  static_assert(kLength % (kUnit * kChunk) == 0 &&
                    (kLength * sizeof(T) % 128 == 0 || 128 % (kLength * sizeof(T)) == 0),
                "rows are whole lines or parts of one");

  // Returns the number that is combined with the offset in a row by an exclusive or. For a sum of
  // rows that have no bit in common it is the exclusive or of the rows' numbers.
  static TW_HOST_DEVICE constexpr int turn(int row) {
    return row % kPeriod / kRowsPerLine * (kUnit * kChunk);
  }
};

// Copies the tiles of one operand, kVector elements at a time. The extents that vectors run along
// and the leading dimension are multiples of kVector. No element is checked on its own. x beyond
// the operand's edge is not copied, and the results for it are dropped. Only a partial tile is
// filled with zeros along k.
template <class T, bool kKMajor, int kExtent, int kDepth, int kVector, int kThreads>
class TileCopy {
  static constexpr int kRows = kKMajor ? kExtent : kDepth;
  static constexpr int kLength = kKMajor ? kDepth : kExtent;
  using Places = Swizzle<T, kKMajor, kLength>;
  static constexpr int kBytes = kVector * static_cast<int>(sizeof(T));
  static constexpr int kPerRow = kLength / kVector;
  static constexpr int kLanes = min(kPerRow & -kPerRow, kThreads);  // a power of two
  static constexpr int kColumnPasses = kPerRow / kLanes;
  static constexpr int kColumnStep = kLanes * kVector;
  static constexpr int kRowsPerPass = kThreads / kLanes;
  static constexpr int kRowPasses = ceil_div(kRows, kRowsPerPass);
  static_assert((kThreads & (kThreads - 1)) == 0, "rows of a pass have bits of their own");
  static_assert(kColumnPasses == 1 || kColumnStep * sizeof(T) >= 128, "passes take whole lines");

 public:
  static constexpr int kCopies = kColumnPasses * kRowPasses;
  static constexpr int kElements = kRows * kLength;  // of a tile

  // `tile` is the tile of the first stage. The first copies begin at x = origin and k = first_k.
  TW_DEVICE TileCopy(SharedPointer<T> tile, const T* operand, long long leading, int origin,
                     int extent, int first_k)
      : tile_(tile), leading_(leading) {
    const int thread = static_cast<int>(threadIdx.x);
    row_ = thread / kLanes;
    column_ = thread % kLanes * kVector;
    to_ = row_ * kLength + (column_ ^ Places::turn(row_));
    x_left_ = min(kExtent, extent - origin) - (kKMajor ? row_ : column_);
    from_ = operand + (row_ + (kKMajor ? origin : first_k)) * leading +
            (column_ + (kKMajor ? first_k : origin));
  }

  // Makes the i-th of kCopies copies. The copies are made in order; the last one leaves this object
  // at the next tile. `stage` is the distance from the first stage. kPartial: the tile has only
  // `depth` values of k.
  template <bool kPartial>
  TW_DEVICE void copy(int i, int stage, bool wanted, [[maybe_unused]] int depth) {
    const int column = i % kColumnPasses * kColumnStep;
    const int row = i / kColumnPasses * kRowsPerPass;
    const SharedPointer<T> to =
        tile_ + (stage + (to_ ^ Places::turn(row))) + (row * kLength + column);
    wanted = wanted && (kKMajor ? row : column) < x_left_;
    if (!kKMajor && kRows % kRowsPerPass != 0) wanted = wanted && row_ + row < kRows;
    if constexpr (kPartial) {
      const int left = kKMajor ? depth - column_ - column : (row_ + row < depth ? kVector : 0);
      if (wanted) copy_first(to, from_ + column, left);
    } else if constexpr (kBytes >= 4) {
      cp_async_if<kBytes>(wanted, to, from_ + column);
    } else {
      if (wanted) copy_first(to, from_ + column, 1);
    }
    if (i % kColumnPasses == kColumnPasses - 1) {
      from_ += i == kCopies - 1 ? to_next_tile() : kRowsPerPass * leading_;
    }
  }

  // Moves back by `count` values of k.
  TW_DEVICE void take_back(int count) { from_ -= kKMajor ? count : count * leading_; }

 private:
  // Returns the distance from the last row pass of a tile to the next tile.
  TW_DEVICE long long to_next_tile() const {
    constexpr int kBefore = (kRowPasses - 1) * kRowsPerPass;
    return kKMajor ? kDepth - kBefore * leading_ : (kDepth - kBefore) * leading_;
  }

  // Copies `count` elements, from none to all, and fills the rest of the vector with zeros. A part
  // of a vector is copied element by element: the hardware would not read beyond the part, but
  // compute- sanitizer reports that it does.
  static TW_DEVICE void copy_first(SharedPointer<T> to, const T* from, int count) {
    if constexpr (kBytes >= 4) {
      const bool some = count > 0 && count < kVector;
      if (!some) cp_async_part<kBytes>(to, from, count > 0 ? kBytes : 0);
      for (int i = 0; some && i < kVector; ++i) copy_one(to + i, from + i, i < count);
    } else {
      copy_one(to, from, count > 0);
    }
  }
  // Copies an element, or writes a zero if it does not exist.
  static TW_DEVICE void copy_one(SharedPointer<T> to, const T* from, bool exists) {
    if constexpr (sizeof(T) == 4) {
      cp_async_part<4>(to, from, exists ? 4 : 0);
    } else {
      store_shared(to, exists ? *from : T{});
    }
  }

  SharedPointer<T> tile_;
  const T* from_;
  long long leading_;
  int row_;
  int column_;
  int to_;      // position in the tile
  int x_left_;  // rows, or columns, from the thread's first to the edge
};

}  // namespace tw::gemm::mma
