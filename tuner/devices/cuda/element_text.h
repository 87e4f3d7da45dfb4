// Elements of tensors in device memory, as a note shows them.
#pragma once
#include <cstdint>
#include <string>

#include "context.h"
#include "dtype.h"
#include "plan.h"

namespace tw::cuda {

// "c[12,7]": the element at a flat offset.
std::string element_name(const PlanTensor& tensor, std::int64_t at);
double element_value(CUdeviceptr data, std::int64_t at, DType dtype);  // Throws CudaFailure
// "= 1.5", or that the kernel left the poison there. Throws CudaFailure.
std::string found_text(CUdeviceptr data, std::int64_t at, DType dtype, bool poisoned);

}  // namespace tw::cuda
