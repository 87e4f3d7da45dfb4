// Reads single elements of tensors in device memory.
#pragma once
#include <cstdint>

#include "core/types/dtype.h"
#include "devices/gpu/runtime/runtime.h"

namespace tw::gpu {

// Return the element at a flat offset of the tensor at `data`. Throw Failure.
std::uint64_t element_bits(Runtime& runtime, Address data, std::int64_t at, DType dtype);
double element_value(Runtime& runtime, Address data, std::int64_t at, DType dtype);

}  // namespace tw::gpu
