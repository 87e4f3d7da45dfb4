// The adaptors of the baseline libraries. Only this folder knows the libraries.
#pragma once
#include <memory>
#include <string>

#include "devices/cuda/driver/context.h"
#include "devices/gpu/runtime/runtime.h"

namespace tw::cuda {

// Returns the baseline, which allocates from `runtime` and launches on `stream`. Throws Error if
// the library is missing, or has no such call for the dtype and math.
std::unique_ptr<gpu::Baseline> make_baseline(const std::string& library,
                                             const gpu::BaselineCall& call, gpu::Runtime& runtime,
                                             CUstream stream);

std::unique_ptr<gpu::Baseline> make_cublas(const gpu::BaselineCall& call, gpu::Runtime& runtime,
                                           CUstream stream);
std::unique_ptr<gpu::Baseline> make_cudnn(const gpu::BaselineCall& call, gpu::Runtime& runtime,
                                          CUstream stream);
std::string cublas_version();  // "13.1.0"; empty if the library is not there
std::string cudnn_version();   // "9.19.0"; empty if the library is not there

}  // namespace tw::cuda
