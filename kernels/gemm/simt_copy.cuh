// The copies of the tiles of A and B from device memory to shared memory in simt.cuh.
//
// In shared memory both tiles are [k][x], where x is the row of A or the column of B. So a thread
// finds its fragment of one k in neighbouring words. An operand that is stored [k][x] is copied
// unchanged. An operand that is stored [x][k] is transposed during the copy, word by word.
//
// No element is checked on its own. When the copy is set up, x is clamped to the operand, or left
// out: results beyond the edge of C are computed and dropped. Only the first tile of k, which takes
// the remainder of k, is filled with zeros.
#pragma once

#include "common/async_copy.cuh"
#include "common/config.cuh"
#include "common/shared.cuh"

namespace tw::gemm::simt {

// An operand that is stored [k][x]. The copy moves kVector elements at a time along x: the extent,
// the leading dimension and the address are multiples of kVector. Lanes run along x; elements that
// they do not cover in one pass are a constant distance away.
template <class T, int kExtent, int kDepth, int kPitch, int kVector, int kThreads>
class StraightCopy {
  static constexpr int kPerRow = kExtent / kVector;
  static constexpr int kLanes = min(kPerRow & -kPerRow, 32);  // a power of two: divides the threads
  static constexpr int kColumnPasses = kPerRow / kLanes;
  static constexpr int kRowsPerPass = kThreads / kLanes;
  static constexpr int kRowPasses = ceil_div(kDepth, kRowsPerPass);
  static constexpr int kLastRows = kDepth - (kRowPasses - 1) * kRowsPerPass;

 public:
  static constexpr int kCopies = kColumnPasses * kRowPasses;

  // Words of a group are stored in their order; compare TransposingCopy.
  static TW_HOST_DEVICE constexpr int turn(int /*k*/) { return 0; }

  // `tile` is the tile of the first stage, which starts at x = origin and k = first_k.
  TW_DEVICE StraightCopy(SharedPointer<T> tile, const T* operand, long long leading, int origin,
                         int extent, int first_k)
      : leading_(leading) {
    const int thread = static_cast<int>(threadIdx.x);
    const int column = thread % kLanes * kVector;
    row_ = thread / kLanes;
    to_ = tile + row_ * kPitch + column;
    left_ = extent - origin - column;
    // With a single pass, the operand's last vector is copied in place of the vectors beyond its
    // end. With several passes, the vectors beyond the end are left out.
    const int x = kColumnPasses == 1 ? min(origin + column, extent - kVector) : origin + column;
    from_ = operand + (first_k + row_) * leading + x;
  }

  // Makes the i-th of kCopies copies. The copies are made in order; the last one leaves this object
  // at the next tile. `stage` is the distance from the first stage. kPartial: the tile has only
  // `depth` values of k, and the rest becomes zero.
  template <bool kPartial>
  TW_DEVICE void copy(int i, int stage, bool wanted, [[maybe_unused]] int depth) {
    const int column = i % kColumnPasses * (kLanes * kVector);
    const int row_pass = i / kColumnPasses;
    const bool last = row_pass == kRowPasses - 1;
    if (last && kLastRows < kRowsPerPass) wanted = wanted && row_ < kLastRows;
    if (kColumnPasses > 1) wanted = wanted && column < left_;
    const SharedPointer<T> to = to_ + stage + (row_pass * kRowsPerPass * kPitch + column);
    if constexpr (kPartial) {
      const bool exists = row_ + row_pass * kRowsPerPass < depth;
      if (wanted) cp_async_or_zero<kVector * sizeof(T)>(to, from_ + column, exists);
    } else {
      cp_async_if<kVector * sizeof(T)>(wanted, to, from_ + column);
    }
    if (i % kColumnPasses == kColumnPasses - 1) {
      from_ += (last ? kLastRows : kRowsPerPass) * leading_;
    }
  }

  // Moves back by the `count` values of k that a partial tile did not have.
  TW_DEVICE void take_back(int count) { from_ -= count * leading_; }

 private:
  SharedPointer<T> to_;
  const T* from_;
  long long leading_;
  int row_;
  int left_;
};

// An operand that is stored [x][k]. kLanes (8, 16 or 32) lanes copy kLanes words along k; the next
// kLanes lanes copy those of the next x. The words go down a column of the tile. With a pitch that
// is an odd multiple of 4, 8 words land 4 banks apart. To keep further words off the same banks,
// the 4 words of a group are stored rotated by turn(k). Undoing the rotation costs nothing: a
// thread reads whole groups, and k is a constant there.
template <class T, int kExtent, int kDepth, int kPitch, int kLanes, int kThreads>
class TransposingCopy {
  static constexpr int kRowsPerPass = kThreads / kLanes;
  static constexpr int kRowPasses = ceil_div(kExtent, kRowsPerPass);
  static constexpr int kLastRows = kExtent - (kRowPasses - 1) * kRowsPerPass;
  static constexpr int kDepthPasses = kDepth / kLanes;
  static_assert(kDepth % kLanes == 0, "lanes divide block_k");
  static_assert(kRowsPerPass % 4 == 0 && kExtent % 4 == 0,
                "a thread's word has one place in its groups");

 public:
  static constexpr int kCopies = kRowPasses * kDepthPasses;

  // The word of x is at place (x + turn(k)) % 4 of its group.
  static TW_HOST_DEVICE constexpr int turn(int k) { return k % kLanes / 8 * (32 / kLanes); }

  TW_DEVICE TransposingCopy(SharedPointer<T> tile, const T* operand, long long leading, int origin,
                            int extent, int first_k) {
    const int thread = static_cast<int>(threadIdx.x);
    lane_ = thread % kLanes;
    row_ = thread / kLanes;
    to_ = tile + lane_ * kPitch + row_ / 4 * 4 + (row_ + turn(lane_)) % 4;
    TW_UNROLL
    for (int pass = 0; pass < kRowPasses; ++pass) {
      const int x = min(origin + row_ + pass * kRowsPerPass, extent - 1);
      from_[pass] = operand + x * leading + first_k + lane_;
    }
  }

  template <bool kPartial>
  TW_DEVICE void copy(int i, int stage, bool wanted, [[maybe_unused]] int depth) {
    const int k = i % kDepthPasses * kLanes;
    const int row_pass = i / kDepthPasses;
    const T*& from = from_[row_pass];
    if (row_pass == kRowPasses - 1 && kLastRows < kRowsPerPass) {
      wanted = wanted && row_ < kLastRows;
    }
    const SharedPointer<T> to = to_ + stage + (k * kPitch + row_pass * kRowsPerPass);
    if constexpr (kPartial) {
      if (wanted) cp_async_or_zero<sizeof(T)>(to, from + k, lane_ + k < depth);
    } else {
      cp_async_if<sizeof(T)>(wanted, to, from + k);
    }
    if (k == kDepth - kLanes) from += kDepth;
  }

  TW_DEVICE void take_back(int count) {
    TW_UNROLL
    for (int pass = 0; pass < kRowPasses; ++pass) from_[pass] -= count;
  }

 private:
  SharedPointer<T> to_;
  const T* from_[kRowPasses];
  int lane_;
  int row_;
};

// The copy of one operand.
template <bool kStraight, class T, int kExtent, int kDepth, int kPitch, int kVector, int kLanes,
          int kThreads>
struct CopyOf {
  using Type = StraightCopy<T, kExtent, kDepth, kPitch, kVector, kThreads>;
};
template <class T, int kExtent, int kDepth, int kPitch, int kVector, int kLanes, int kThreads>
struct CopyOf<false, T, kExtent, kDepth, kPitch, kVector, kLanes, kThreads> {
  using Type = TransposingCopy<T, kExtent, kDepth, kPitch, kLanes, kThreads>;
};

}  // namespace tw::gemm::simt
