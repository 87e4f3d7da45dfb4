// A ring of rows in shared memory, in which the newest row takes the place of the oldest.
#pragma once

#include "common/config.cuh"
#include "common/shared.cuh"

namespace tw {

// Sizes has the functions rows() and elements(): the number of rows, and the elements of a row. A
// kernel computes both anew from its parameters, because keeping them takes registers.
template <class T, class Sizes>
class Ring {
 public:
  TW_DEVICE Ring(SharedPointer<T> first, const Sizes& sizes) : first_(first), sizes_(sizes) {}

  // Makes room for the next row and returns where it begins.
  TW_DEVICE SharedPointer<T> advance() {
    newest_ = newest_ + 1 == sizes_.rows() ? 0 : newest_ + 1;
    return at(newest_);
  }
  // Returns the row that came `age` rows before the newest one.
  TW_DEVICE SharedPointer<T> row(int age) const {
    return at(newest_ >= age ? newest_ - age : newest_ - age + sizes_.rows());
  }

  TW_DEVICE int elements() const { return sizes_.elements(); }

 private:
  TW_DEVICE SharedPointer<T> at(int row) const { return first_ + row * elements(); }

  SharedPointer<T> first_;
  Sizes sizes_;
  int newest_ = 0;
};

}  // namespace tw
