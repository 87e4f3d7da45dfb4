// Elements of tensors on the host, in any storage type.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>

#include "core/plan/plan.h"
#include "core/problem/problem.h"
#include "core/types/dtype.h"

namespace tw::cpu {

double read_element(DType dtype, const std::byte* tensor, std::int64_t index);
// Rounds to nearest even.
void write_element(DType dtype, std::byte* tensor, std::int64_t index, double value);

// Calls visit(index, coordinates) for each element of the layout; index counts elements from the
// first, strides included.
void for_each_element(
    const TensorLayout& layout,
    const std::function<void(std::int64_t index, const std::vector<std::int64_t>& at)>& visit);

// The bits of an element, whatever its size.
std::uint64_t element_bits(DType dtype, const std::byte* tensor, std::int64_t index);

// The values of kernels/common/inputs.cuh, the second set if there is a fill for it. Only elements
// of the layout are written: what lies between them keeps its value.
void fill_inputs(DType dtype, std::byte* tensor, const TensorLayout& layout, std::uint64_t stream,
                 const PlanFill* second);

}  // namespace tw::cpu
