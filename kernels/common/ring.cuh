// A ring of rows in shared memory, in which the newest row takes the place of the oldest.
#pragma once

#include "common/config.cuh"
#include "common/shared.cuh"

namespace tw {

template <class T>
class Ring {
 public:
  // `first` points to `rows` rows of `elements` elements.
  TW_DEVICE Ring(SharedPointer<T> first, int rows, int elements)
      : first_(first), rows_(rows), elements_(elements) {}

  // Makes room for the next row and returns where it begins.
  TW_DEVICE SharedPointer<T> advance() {
    newest_ = newest_ + 1 == rows_ ? 0 : newest_ + 1;
    return at(newest_);
  }
  // Returns the row that came `age` rows before the newest one.
  TW_DEVICE SharedPointer<T> row(int age) const {
    return at(newest_ >= age ? newest_ - age : newest_ - age + rows_);
  }

  TW_DEVICE int elements() const { return elements_; }

 private:
  TW_DEVICE SharedPointer<T> at(int row) const { return first_ + row * elements_; }

  SharedPointer<T> first_;
  int rows_;
  int elements_;
  int newest_ = 0;
};

}  // namespace tw
