// Division by a number that is known when the kernel starts.
#pragma once

#include "common/config.cuh"

namespace tw {

// Divides numbers from 0 to 2^31 - 1 by a positive number, in five instructions. It multiplies by
// the inverse as a fraction of 2^32, rounded down; the product is the quotient or one less.
class Divisor {
 public:
  TW_DEVICE explicit Divisor(int divisor)
      : divisor_(divisor), inverse_(0xffffffffu / static_cast<unsigned>(divisor)) {}

  TW_DEVICE int divide(int x, int& remainder) const {
    int quotient = static_cast<int>(__umulhi(static_cast<unsigned>(x), inverse_));
    remainder = x - quotient * divisor_;
    if (remainder >= divisor_) {
      remainder -= divisor_;
      ++quotient;
    }
    return quotient;
  }
  TW_DEVICE int divide(int x) const {
    int remainder;
    return divide(x, remainder);
  }

 private:
  int divisor_;
  unsigned inverse_;
};

}  // namespace tw
