// The values of a tensor as a formula of the place of each element.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/types/dtype.h"

namespace tw {

struct Formula {
  std::vector<std::string> texts;  // the number, or its dividend and its divisor
  // The dims that the texts may read, with their values. The texts also read `i`, the place of the
  // element in memory, counted from 0.
  std::vector<std::pair<std::string, std::int64_t>> dims;
};

// Returns the elements, rounded to the type. Throws Error if an element has no value, or an integer
// does not fit in the type.
std::vector<std::byte> formula_values(const Formula& formula, DType dtype, std::int64_t elements);
// Returns what is wrong with one of about a thousand elements, the first and the last among them;
// empty if all of these have a value that fits.
std::string formula_fault(const Formula& formula, DType dtype, std::int64_t elements);

}  // namespace tw
