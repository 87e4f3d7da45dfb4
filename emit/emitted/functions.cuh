// Defines the functions of functions.h. `tune emit` copies the lines between the marks into
// <op>.cuh. The other lines let this file compile by itself.
#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "emit/emitted/functions.h"

namespace tw::op {  // stands for the namespace of the op

namespace inner {  // stands for the namespace of the op's branches

// Stands for Calls<Op> of call.cuh.
struct Calls {
  template <class A>
  static cudaError_t launch(const A&, void*, std::size_t, cudaStream_t);
  template <class A>
  static std::size_t workspace_bytes(const A&);
  template <class A>
  static cudaError_t initialise_workspace(const A&, void*, std::size_t, cudaStream_t);
  template <class A>
  static Selection select(const A&);
  template <class A>
  static cudaError_t attributes(const A&, cudaFuncAttributes*);
};

}  // namespace inner

// mark: begin
template <class A>
cudaError_t launch(const A& args, void* workspace, std::size_t bytes, cudaStream_t stream) {
  return inner::Calls::launch(args, workspace, bytes, stream);
}

template <class A>
cudaError_t launch(const A& args, void* workspace, cudaStream_t stream) {
  return inner::Calls::launch(args, workspace, SIZE_MAX, stream);
}

template <class A>
std::size_t workspace_bytes(const A& args) {
  return inner::Calls::workspace_bytes(args);
}

template <class A>
cudaError_t initialise_workspace(const A& args, void* workspace, std::size_t bytes,
                                 cudaStream_t stream) {
  return inner::Calls::initialise_workspace(args, workspace, bytes, stream);
}

template <class A>
cudaError_t initialise_workspace(const A& args, void* workspace, cudaStream_t stream) {
  return inner::Calls::initialise_workspace(args, workspace, SIZE_MAX, stream);
}

template <class A>
Selection select(const A& args) {
  return inner::Calls::select(args);
}

template <class A>
cudaError_t attributes(const A& args, cudaFuncAttributes* result) {
  return inner::Calls::attributes(args, result);
}

// mark: end

}  // namespace tw::op
