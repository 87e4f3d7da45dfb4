// How the tiles of A and B get from device memory to shared memory in mma.cuh.
//
// A tile keeps the order in which its operand is stored: rows of x (the row of A, the column of B)
// that run along k if the operand is K-major, else rows of k that run along x. Rows are cut into
// chunks of 16 bytes, and the chunks of a row are permuted by an exclusive or that depends on the
// row, so that what a warp reads together lies in different banks:
//
//    rows of 64 bytes:   |0 1 2 3|0 1 2 3|     of 128:  |0 1 2 3 4 5 6 7|
//    8 to a line are     |1 0 3 2|1 0 3 2|              |1 0 3 2 5 4 7 6|   ...
//    128 bytes of banks  |2 3 0 1|2 3 0 1|              |2 3 0 1 6 7 4 5|
#pragma once

#include "common/async_copy.cuh"
#include "common/config.cuh"
#include "common/copy_part.cuh"
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
// chunk of each of 8 rows at a time. Rows of k with 32-bit elements are read word by word, 8
// neighbours of each of 4 rows: there chunks move in pairs.
template <class T, bool kKMajor, int kLength>
struct Swizzle {
  static constexpr int kChunk = 16 / static_cast<int>(sizeof(T));  // elements
  static constexpr int kUnit = !kKMajor && sizeof(T) == 4 ? 2 : 1;
  static constexpr int kRowsPerLine = max(1, 128 / (kLength * static_cast<int>(sizeof(T))));
  static constexpr int kPeriod = 8 / kUnit;  // rows
  static_assert(kLength % (kUnit * kChunk) == 0 &&
                    (kLength * sizeof(T) % 128 == 0 || 128 % (kLength * sizeof(T)) == 0),
                "rows are whole lines or parts of one");

  // What the offset in a row is combined with by an exclusive or. Of a sum of rows that have no bit
  // in common it is the exclusive or of theirs.
  static TW_HOST_DEVICE constexpr int turn(int row) {
    return row % kPeriod / kRowsPerLine * (kUnit * kChunk);
  }
};

// Copies the tiles of one operand, kVector elements at a time; the extents and the leading
// dimension that vectors run along and across are multiples of it. Nothing is checked per element:
// x beyond the operand's edge is not copied, and what is computed from it is dropped. Only a
// partial tile is filled up with zeros along k.
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

  // `tile` is the tile of the first stage. The first copies are those of x = origin and k =
  // first_k.
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

  // The i-th of kCopies, which are made in order; the last one leaves this object at the next tile.
  // `stage` is the distance from the first stage. kPartial: the tile has only `depth` values of k.
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

  // Goes `count` values of k back.
  TW_DEVICE void take_back(int count) { from_ -= kKMajor ? count : count * leading_; }

 private:
  // From the last row pass of a tile.
  TW_DEVICE long long to_next_tile() const {
    constexpr int kBefore = (kRowPasses - 1) * kRowsPerPass;
    return kKMajor ? kDepth - kBefore * leading_ : (kDepth - kBefore) * leading_;
  }

  // Copies `count` elements, from none to all, and fills the vector up with zeros. A part of a
  // vector goes one by one: hardware reads no more of it, but compute-sanitizer says that it does.
  static TW_DEVICE void copy_first(SharedPointer<T> to, const T* from, int count) {
    if constexpr (kBytes >= 4) {
      const bool some = count > 0 && count < kVector;
      if (!some) cp_async_part<kBytes>(to, from, count > 0 ? kBytes : 0);
      for (int i = 0; some && i < kVector; ++i) copy_one(to + i, from + i, i < count);
    } else {
      copy_one(to, from, count > 0);
    }
  }
  // Copies an element, or a zero.
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
  int to_;      // in the tile
  int x_left_;  // rows, or columns, from the thread's to the edge
};

}  // namespace tw::gemm::mma
