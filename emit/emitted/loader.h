// Loads compiled kernels by the driver API, and launches them. Needs cuda.h and libcuda, and no
// compiler of CUDA.
#pragma once
#include <cuda.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "emit/emitted/limits.h"
#include "emit/emitted/selection.h"

namespace tw::dispatch {

// While it lives, this thread may load code although it captures a stream.
class Relaxed {
 public:
  Relaxed() { cuThreadExchangeStreamCaptureMode(&mode_); }
  Relaxed(const Relaxed&) = delete;
  Relaxed& operator=(const Relaxed&) = delete;
  ~Relaxed() { cuThreadExchangeStreamCaptureMode(&mode_); }

 private:
  CUstreamCaptureMode mode_ = CU_STREAM_CAPTURE_MODE_RELAXED;
};

// Loads the code, a cubin, into the current context, unless it is loaded there. The module lives as
// long as the context.
inline CUresult load(const void* code, CUmodule& module) {
  static std::mutex mutex;
  static std::map<std::pair<unsigned long long, const void*>, CUmodule> loaded;
  unsigned long long context = 0;  // the number of a context is never used again
  CUresult status = cuCtxGetId(nullptr, &context);
  if (status != CUDA_SUCCESS) return status;
  const std::lock_guard<std::mutex> lock(mutex);
  CUmodule& known = loaded[{context, code}];
  if (known == nullptr) status = cuModuleLoadData(&known, code);
  module = known;
  return status;
}

// Launches a function of the code. `arguments` are the addresses of its arguments.
template <int kValues>
CUresult launch(const void* code, const char* name, const Pass<kValues>& pass, const Device& device,
                void** arguments, CUstream stream) {
  CUfunction function = nullptr;
  {
    const Relaxed relaxed;
    CUmodule module = nullptr;
    CUresult status = load(code, module);
    if (status == CUDA_SUCCESS) status = cuModuleGetFunction(&function, module, name);
    if (status == CUDA_SUCCESS && pass.smem_bytes > 0) {
      int fixed = 0;  // bytes of static shared memory; the rest may be dynamic
      status = cuFuncGetAttribute(&fixed, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function);
      if (status == CUDA_SUCCESS) {
        status = cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                    static_cast<int>(device.smem_optin) - fixed);
      }
    }
    if (status != CUDA_SUCCESS) return status;
  }
  CUlaunchAttribute cluster{};
  cluster.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  cluster.value.clusterDim.x = pass.cluster[0];
  cluster.value.clusterDim.y = pass.cluster[1];
  cluster.value.clusterDim.z = pass.cluster[2];
  CUlaunchConfig config{};
  config.gridDimX = pass.grid[0], config.gridDimY = pass.grid[1], config.gridDimZ = pass.grid[2];
  config.blockDimX = pass.block[0];
  config.blockDimY = pass.block[1];
  config.blockDimZ = pass.block[2];
  config.sharedMemBytes = pass.smem_bytes;
  config.hStream = stream;
  config.attrs = &cluster;
  config.numAttrs = pass.cluster[0] * pass.cluster[1] * pass.cluster[2] > 1 ? 1 : 0;
  return cuLaunchKernelEx(&config, function, arguments, nullptr);
}

// Copies `bytes` bytes of device memory to an array of the code.
inline CUresult fill(const void* code, const char* name, const void* from, std::int64_t bytes,
                     CUstream stream) {
  CUmodule module = nullptr;
  CUdeviceptr array = 0;
  std::size_t size = 0;
  {
    const Relaxed relaxed;
    CUresult status = load(code, module);
    if (status == CUDA_SUCCESS) status = cuModuleGetGlobal(&array, &size, module, name);
    if (status != CUDA_SUCCESS) return status;
  }
  if (bytes < 0 || static_cast<std::size_t>(bytes) > size) return CUDA_ERROR_INVALID_VALUE;
  return cuMemcpyDtoDAsync(array, reinterpret_cast<CUdeviceptr>(from),
                           static_cast<std::size_t>(bytes), stream);
}

// The device of the current context.
struct Gpu {
  Device device;
  char name[256] = "";
};

inline CUresult read_gpu(CUdevice ordinal, Gpu& gpu) {
  CUresult status = cuDeviceGetName(gpu.name, sizeof(gpu.name), ordinal);
  const auto ask = [&](CUdevice_attribute attribute) {
    int value = 0;
    if (status == CUDA_SUCCESS) status = cuDeviceGetAttribute(&value, attribute, ordinal);
    return std::int64_t{value};
  };
  Device& device = gpu.device;
  device.ordinal = ordinal;
  device.gpu_cc = 10 * ask(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
  device.gpu_cc += ask(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  device = with_all_code(device);
  device.sms = ask(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  device.smem_optin = ask(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
  device.smem_per_sm = ask(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR);
  device.regs_per_sm = ask(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR);
  device.threads_per_sm = ask(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR);
  device.blocks_per_sm = ask(CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR);
  device.max_threads = ask(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
  device.l2_bytes = ask(CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
  std::size_t memory = 0;
  if (status == CUDA_SUCCESS) status = cuDeviceTotalMem(&memory, ordinal);
  device.memory_bytes = static_cast<std::int64_t>(memory);
  return status;
}

// Each thread keeps the last answer.
inline CUresult current_gpu(const Gpu*& gpu) {
  thread_local Gpu known;
  gpu = &known;
  CUdevice ordinal = 0;
  if (const CUresult status = cuCtxGetDevice(&ordinal); status != CUDA_SUCCESS) return status;
  if (ordinal == known.device.ordinal) return CUDA_SUCCESS;
  Gpu found;
  const CUresult status = read_gpu(ordinal, found);
  if (status == CUDA_SUCCESS) known = found;
  return status;
}

// A GPU whose winners are there.
struct TunedGpu {
  std::int64_t cc, sms;
  const char* name;
};

// Returns the index of the tuned GPU whose code a GPU runs: one of the same compute capability, if
// possible of the same name and number of SMs. Returns -1 if there is none.
template <std::size_t kCount>
int tuned_as(const TunedGpu (&tuned)[kCount], const Gpu& gpu) {
  int best = -1, best_likeness = -1, index = 0;
  for (const TunedGpu& one : tuned) {
    const int likeness = 2 * (std::strcmp(one.name, gpu.name) == 0) + (one.sms == gpu.device.sms);
    if (one.cc == gpu.device.gpu_cc && likeness > best_likeness) {
      best = index;
      best_likeness = likeness;
    }
    ++index;
  }
  return best;
}

// The facts about a type of arguments that its kernels see. All tensors are aligned to `alignment` bytes;
// 0 if the size of an element is enough.
struct FormFacts {
  int index;
  std::int64_t dtype, math, element_bytes, alignment;
};

// A call: its values, and the branch that runs it.
template <class Selector>
struct Call {
  CUresult status = CUDA_SUCCESS;
  const char* reason = "";
  typename Selector::Query query{};
  Choice choice{};
};

template <class Selector, class A>
Call<Selector> examine(const A& args, const FormFacts& form, const Device& device) {
  Call<Selector> call;
  auto& problem = call.query.problem;
  call.query.form = form.index;
  problem.dtype = form.dtype;
  problem.math = form.math;
  problem.sizeof_t = form.element_bytes;
  const char* wrong = Selector::read(args, device, call.query);
  if (wrong == nullptr && problem.align < form.alignment) {
    wrong = "a tensor is not aligned to the largest elements";
  }
  if (wrong != nullptr) {
    call.status = CUDA_ERROR_INVALID_VALUE;
    call.reason = wrong;
    return call;
  }
  call.choice = recent_choice<Selector>(call.query, device);
  call.reason = reason_of<Selector>(call.query, device, call.choice);
  if (call.choice.branch < 0) call.status = CUDA_ERROR_NOT_SUPPORTED;
  return call;
}

// Launches the branch of a call. Op is a Selector with these further members:
//   facts(args)                                 the FormFacts of the type of the arguments
//   run(args, branch, problem, device, stream)  launches the branch
template <class Op, class A>
CUresult launch_call(const A& args, const Device& device, CUstream stream) {
  const auto call = examine<Op>(args, Op::facts(args), device);
  if (call.status != CUDA_SUCCESS) return call.status;
  return Op::run(args, call.choice.branch, call.query.problem, device, stream);
}

// Fills a Selection, a struct of the op's header.
template <class Op, class A, class Selection>
void select_call(const A& args, const Device& device, Selection& selection) {
  const auto call = examine<Op>(args, Op::facts(args), device);
  selection.status = call.status;
  selection.reason = call.reason;
  if (call.status != CUDA_SUCCESS) return;
  const BranchInfo& branch = Op::branch_info(call.choice.branch);
  selection.kernel = branch.kernel;
  selection.configuration = branch.configuration;
  if (call.choice.row < 0) return;
  const auto& row = Op::rows()[static_cast<std::size_t>(call.choice.row)];
  selection.tuned_problem = row.text;
  selection.is_exact = call.choice.match == Match::exact;
}

}  // namespace tw::dispatch
