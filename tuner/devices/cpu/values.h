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
// Writes an element of a floating-point type; rounds to nearest, ties to even.
void write_element(DType dtype, std::byte* tensor, std::int64_t index, double value);

// Calls visit(index, coordinates) for each element of the layout. `index` counts elements from the
// first one, strides included.
void for_each_element(
    const TensorLayout& layout,
    const std::function<void(std::int64_t index, const std::vector<std::int64_t>& at)>& visit);

// Returns the bits of an element of any size.
std::uint64_t element_bits(DType dtype, const std::byte* tensor, std::int64_t index);

// Fills a tensor with its first or its second set of values (kernels/common/inputs.cuh). Writes
// only the elements of the layout; the gaps between them keep their values.
void fill_inputs(const PlanTensor& tensor, std::byte* data, std::uint64_t stream, bool second);

}  // namespace tw::cpu
