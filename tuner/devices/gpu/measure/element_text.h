// Reads single elements of tensors in device memory.
#pragma once
#include <cstdint>

#include "core/types/dtype.h"
#include "devices/cuda/driver/context.h"

namespace tw::cuda {

std::uint64_t element_bits(CUdeviceptr data, std::int64_t at, DType dtype);  // Throws CudaFailure
double element_value(CUdeviceptr data, std::int64_t at, DType dtype);        // Throws CudaFailure

}  // namespace tw::cuda
