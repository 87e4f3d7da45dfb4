// What comparing a tensor with the oracle has found, and what a note says of it: the same on every
// device. The rule itself is in kernels/common/judge.cuh.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/inputs.cuh"
#include "common/judge.cuh"
#include "core/plan/plan.h"
#include "core/types/dtype.h"

namespace tw {

// Among a measurement's metrics: the largest verify::Judged::used of its elements.
inline constexpr std::string_view tolerance_used = "tolerance_used";

struct Comparison {
  double worst_ulps = 0;       // verify::Judged::error_ulps; infinity: NaN, infinite or unwritten
  double used = 0;             // the largest verify::Judged::used
  std::int64_t worst_at = 0;   // flat offset in elements
  std::int64_t wrong = 0;      // elements
  std::int64_t unwritten = 0;  // of these, those that the kernel left as they were
  std::int64_t touched = 0;    // elements between the rows that were written

  bool is_right() const { return wrong == 0 && touched == 0; }
};

// One wrong element and what was expected of it.
struct WrongElement {
  std::uint64_t bits = 0;
  double expected = 0, magnitude = 0;
  bool is_written = true;
};

verify::Rule rule_of(const Plan& plan, const PlanTensor& tensor);
verify::Fill fill_of(const PlanFill& fill);
// Whether an expectation is that the element is left as it was: what an oracle did not write.
bool is_unwritten(double expected);
// The value of an element from its bits.
double decode(DType dtype, std::uint64_t bits);
// "c[12,7]": the element at a flat offset.
std::string element_name(const PlanTensor& tensor, std::int64_t at);
// "c[12,7] = 1.5, expected 2.25, off by 0.75 where 0.001 is allowed; 3 % of the elements wrong", or
// "it writes 4 elements between the rows of c". Of a comparison that is not right; `worst` is the
// element at worst_at.
std::string describe(const Plan& plan, const PlanTensor& tensor, const Comparison& found,
                     const WrongElement& worst);

}  // namespace tw
