// Shared by the operators: sets the arguments of an emitted header from tensors, and launches it on
// PyTorch's current stream.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace tilewright_example {

// Points a field of the arguments, of any element type, at a tensor's data.
template <class T>
void point(T*& field, const at::Tensor& tensor) {
  field = static_cast<T*>(tensor.data_ptr());
}
template <class T>
void point(const T*& field, const at::Tensor& tensor) {
  field = static_cast<const T*>(tensor.const_data_ptr());
}

inline void check_input(const at::Tensor& tensor, const at::Tensor& like, const char* name) {
  TORCH_CHECK(tensor.is_cuda() && tensor.is_contiguous(), name,
              " must be a contiguous CUDA tensor");
  TORCH_CHECK(tensor.scalar_type() == like.scalar_type(), name,
              " has another dtype than the input");
}

// Runs the header's function for these arguments. The functions are found by the type of the
// arguments.
template <class Args>
void run(const Args& args) {
  const cudaStream_t stream = c10::cuda::getCurrentCUDAStream();
  const auto bytes = static_cast<int64_t>(workspace_bytes(args));
  // The allocator knows the stream, so the memory may be freed before the kernel has run.
  at::Tensor workspace;
  if (bytes > 0) {
    workspace = at::empty({bytes}, at::device(at::kCUDA).dtype(at::kByte));
    C10_CUDA_CHECK(initialise_workspace(args, workspace.data_ptr(), stream));
  }
  const cudaError_t status = launch(args, bytes > 0 ? workspace.data_ptr() : nullptr, stream);
  TORCH_CHECK(status == cudaSuccess, "tilewright: ", select(args).reason, " (",
              cudaGetErrorString(status), ")");
}

// Calls `fill` with the arguments for the dtype and math, and runs them. tf32 only matters for f32.
template <class F32, class Tf32, class Bf16, class Fill>
void dispatch(const at::Tensor& input, bool tf32, const Fill& fill) {
  const c10::cuda::CUDAGuard guard(input.device());
  const auto start = [&](auto args) {
    fill(args);
    run(args);
  };
  if (input.scalar_type() == at::kBFloat16) {
    start(Bf16{});
  } else {
    TORCH_CHECK(input.scalar_type() == at::kFloat, "float or bfloat16 is wanted, not ",
                input.scalar_type());
    if (tf32) {
      start(Tf32{});
    } else {
      start(F32{});
    }
  }
}

}  // namespace tilewright_example
