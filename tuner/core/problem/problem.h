// One problem to be solved: an op at a shape, with everything that distinguishes its kernels and
// their times.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/spec/spec.h"
#include "core/types/device_info.h"
#include "core/types/dtype.h"
#include "core/types/epilogue.h"

namespace tw {

struct Problem {
  std::string op;
  DType dtype = DType::f32;
  std::string math = "f32";
  std::vector<std::int64_t> dims;     // in the op's order; all of them, defaults filled in
  std::vector<std::int64_t> choices;  // index of the value, in the op's order
  std::vector<double> scalars;        // in the op's order
  Epilogue epilogue;
  int align = 16;  // the least alignment of the tensors in bytes: 2, 4, 8 or 16 (a power of two, at
                   // least the dtype's size)

  // Canonical text: "gemm f32 m=4096,n=4096,k=4096,layout=nt beta=1 epilogue=bias_column,relu
  // align=4": dims and choices that have their default are left out, so are default scalars, an
  // empty epilogue, align 16 and a math that equals the dtype. Scalars count only as zero, one or
  // other (they are run-time arguments), epilogue arguments not at all.
  std::string key(const OpSpec& op) const;
  // "m=4096,n=4096,k=4096" and what else differs from the defaults: what --shape takes.
  std::string shape(const OpSpec& op) const;
};

struct ProblemText {
  std::string shape;  // "m=1,n=2,k=3,layout=nt,beta=1" or "4096x4096x4096" (dims without default,
                      // in the op's order)
  std::string dtype = "f32";
  std::string math{}, epilogue{};  // math: empty is the dtype's own
  int align = 16;
};
// Throws Error: unknown or missing or repeated name, zero, negative or too large value, dtype, math
// or step that the op lacks, a requirement of the op that does not hold.
Problem parse_problem(const OpSpec& op, const ProblemText& text);
// The inverse of key().
Problem problem_from_key(const OpSpec& op, std::string_view key);

// The slots that every op has after its dims and choices: dtype, math, sizeof_t, align, reduced.
std::array<std::int64_t, 5> common_slots(const Problem& problem);
// The slots of `names` (an op's or a kernel's) for a problem on a device; knob slots are 0.
std::vector<std::int64_t> slots_of(const OpSpec& op, const Names& names, const Problem& problem,
                                   const DeviceInfo& device);

// Of a tensor, from the first to the last.
inline constexpr std::int64_t max_elements = std::int64_t{1} << 40;

struct TensorLayout {
  std::vector<std::int64_t> shape, strides;  // elements
  std::int64_t elements = 0;                 // from the first to the last element, both included
};
// Throws Error if a size has no value or the elements exceed max_elements.
TensorLayout layout_of(const TensorSpec& tensor, std::span<const std::int64_t> slots);
// Bytes of all tensors and the oracle's buffers. Throws Error if they exceed `device.memory_bytes`
// (when that is not 0).
std::int64_t check_memory(const OpSpec& op, const Problem& problem, const DeviceInfo& device);

double flops_of(const OpSpec& op, const Problem& problem, const DeviceInfo& device);
double bytes_of(const OpSpec& op, const Problem& problem, const DeviceInfo& device);
// The least possible time of the problem on the device, from the units' peaks at the highest clock
// and the datasheet's bandwidth; 0 if they are unknown. A problem that fits in L2 has no memory roof.
double roofline_ns(const OpSpec& op, const Problem& problem, const DeviceInfo& device);

}  // namespace tw
