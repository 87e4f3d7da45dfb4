// The results and functions that every <op>.h declares. `tune emit` copies the lines between the
// marks into the namespace of the op, behind its types of arguments. The other lines let this file
// compile by itself.
#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>

namespace tw::op {  // stands for the namespace of the op

// mark: begin
// How the configuration of a call was found.
enum class Match {
  exact,     // this problem was tuned, on a GPU with this compute capability and number of SMs
  nearest,   // the winner that is expected to be the fastest, among those that can serve the call
             // and were tuned on a GPU with this compute capability
  fallback,  // a default configuration: no tuned configuration can serve the call
  none       // no configuration runs; status and reason say why
};

// The configuration that a call runs. The strings live as long as the program.
struct Selection {
  cudaError_t status = cudaSuccess;  // the status that launch would return before it launches
  const char* reason = "";           // if status is an error: its reason. If it is cudaSuccess:
                                     // what the program lacks for a better branch, or empty
  Match match = Match::none;
  int branch = -1;  // the number of the branch's struct in the .cuh: v0, v1, ...
  const char* kernel = "";
  const char* configuration = "";  // "block_m=128 block_n=64 ..."
  const char* tuned_problem = "";  // the tuned problem, if the match is exact or nearest
  double tuned_ns = 0;             // the median time of this configuration on it, in ns
};

// A is one of the types of arguments above. In CUDA sources, a call with another type does not
// compile. In plain C++ it does not link.
//
// All functions act on the current device. They may be called from several threads at once. They
// allocate nothing and never wait for the GPU.
//
// The functions return these errors before anything is launched:
//   cudaErrorInvalidValue            The problem does not allow the arguments; select says which:
//                                    - a dim is out of its range;
//                                    - a row is longer than its leading dimension;
//                                    - a tensor has more than 2^40 elements;
//                                    - a tensor is null, or is not aligned to the largest
//                                      elements that the op has;
//                                    - a choice is none of its values.
//                                    Or the workspace is not usable:
//                                    - it is missing, or is not aligned to 256 bytes;
//                                    - it is too small, if its size is given.
//   cudaErrorInvalidDeviceFunction   No configuration serves these arguments on this device. The
//                                    cause is one of these:
//                                    - the device's compute capability, shared memory or threads;
//                                    - the alignment of pointers and strides;
//                                    - a grid or an int that would be too large.
//   cudaErrorNoKernelImageForDevice  The program was not compiled for this device.
// They also return the errors of the CUDA runtime.
//
// The functions do not check these rules, which the caller must obey:
// - Pointers point to memory of this device. The memory is as large as the arguments say.
// - The memory that a call writes overlaps no other memory that the call uses.

// Starts the computation on `stream`. The call may be captured into a graph. `workspace` is device
// memory:
// - It has workspace_bytes(args) bytes and is aligned to 256 bytes. It may be null if this size is
//   0.
// - initialise_workspace has prepared it.
// - No other launch that may run at the same time uses it.
template <class A>
cudaError_t launch(const A& args, void* workspace, cudaStream_t stream);
// Does the same with a workspace of `bytes` bytes. Returns cudaErrorInvalidValue if `bytes` is less
// than workspace_bytes(args).
template <class A>
cudaError_t launch(const A& args, void* workspace, std::size_t bytes, cudaStream_t stream);

// Returns the size in bytes of the workspace that launch needs. The size is valid for exactly these
// arguments, including the pointers. Returns 0 if launch needs no workspace or would fail.
template <class A>
std::size_t workspace_bytes(const A& args);

// Zeroes, on `stream`, the parts of the workspace that the branch expects to be zero. Call it once
// before the first launch that uses the workspace, and again when the arguments change. A launch
// leaves these parts zero.
template <class A>
cudaError_t initialise_workspace(const A& args, void* workspace, cudaStream_t stream);
// Does the same with a workspace of `bytes` bytes. Returns cudaErrorInvalidValue if `bytes` is less
// than workspace_bytes(args).
template <class A>
cudaError_t initialise_workspace(const A& args, void* workspace, std::size_t bytes,
                                 cudaStream_t stream);

// Returns the configuration that launch would run.
template <class A>
Selection select(const A& args);

// Writes the attributes of the first kernel that launch would run to `result`. Among them are the
// registers, the local memory in bytes (spills) and the static shared memory. `result` must not be
// null.
template <class A>
cudaError_t attributes(const A& args, cudaFuncAttributes* result);

// mark: end

}  // namespace tw::op
