// The result of comparing a tensor with the oracle, and its text in a note; the same on every
// device. The rule of the comparison is in kernels/common/judge.cuh.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/inputs.cuh"
#include "common/judge.cuh"
#include "core/plan/measurement.h"
#include "core/plan/plan.h"
#include "core/types/dtype.h"

namespace tw {

// The key in a measurement's metrics for the largest verify::Judged::used of its elements.
inline constexpr std::string_view tolerance_used = "tolerance_used";
// The key for the number of elements that no oracle expects and that were not written.
inline constexpr std::string_view unwritten_elements = "unwritten_elements";

struct Comparison {
  double worst_ulps = 0;       // verify::Judged::error_ulps; infinity if NaN, infinite or unwritten
  double used = 0;             // the largest verify::Judged::used
  std::int64_t worst_at = 0;   // flat offset in elements
  std::int64_t wrong = 0;      // number of wrong elements
  std::int64_t unwritten = 0;  // wrong elements that the kernel did not write
  std::int64_t touched = 0;    // elements between the rows that were written to

  bool is_right() const { return wrong == 0 && touched == 0; }
};

// A wrong element and its expected value.
struct WrongElement {
  std::uint64_t bits = 0;
  double expected = 0, magnitude = 0;
  bool is_written = true;
};

verify::Rule rule_of(const ProblemPlan& plan, const PlanTensor& tensor);
// Returns the parameters of a tensor's values, of its first or its second set. Without a range of
// their own, integers of 8 bits have any value in the second set, those of 16 bits from -32767 to
// 32767, those of 32 bits up to 2^20 and those of 64 bits up to 2^40 in magnitude; in the first set
// they are at most 99 (8 bits) or 999. Unsigned ones start at 0.
verify::Fill fill_of(const PlanTensor& tensor, bool second);
// Returns the bytes of a tensor whose values come from a file or a formula, in its layout. Returns
// nothing for other rules.
std::vector<std::byte> given_values(const PlanTensor& tensor, const TensorValues& values);
// Returns whether the expected value means that the oracle did not write the element, so that the
// kernel must not write it either.
bool is_unwritten(DType dtype, double expected);
// Returns the value of an element from its bits; that of a 64-bit integer is rounded.
double decode(DType dtype, std::uint64_t bits);
// Returns an element as an oracle's expected value: the number or, for a 64-bit integer, its bits
// (verify::is_wide_integer).
double expected_from(DType dtype, std::uint64_t bits);
// Returns the name of the element at a flat offset: "c[12,7]".
std::string element_name(const PlanTensor& tensor, std::int64_t at);
// Records that a configuration wrote `written` elements of an output: adds the missing ones to the
// metric `unwritten_elements`, and says so in the note. An integer is unwritten if it holds the
// poison after the runs on both sets of inputs.
void note_unwritten(const PlanTensor& tensor, std::int64_t written, Measurement& measurement);
// Describes a comparison that found a fault; `worst` is the element at worst_at. Returns "c[12,7] =
// 1.5, expected 2.25, off by 0.75 where 0.001 is allowed; 3 % of the elements wrong", or "it writes
// 4 elements between the rows of c".
std::string describe(const ProblemPlan& plan, const PlanTensor& tensor, const Comparison& found,
                     const WrongElement& worst);

}  // namespace tw
