#include "devices/cuda/cuda.h"

#include <utility>

#include "devices/cuda/compile/nvrtc.h"
#include "devices/cuda/probe.h"
#include "devices/cuda/runtime/cuda_runtime.h"
#include "devices/gpu/compile/compile_all.h"
#include "devices/gpu/measure_worker.h"

namespace tw {
namespace {

std::optional<std::string> answer_probe(const std::string& frame) {
  if (frame != cuda::probe_word && frame != cuda::presence_word) return std::nullopt;
  return cuda::encode(cuda::probe_here(frame == cuda::probe_word));
}

}  // namespace

std::unique_ptr<Device> open_cuda(CudaOptions options) {
  return gpu::open_device(cuda::platform(), std::move(options));
}

std::vector<GpuCode> compile_with_nvrtc(const std::vector<GpuProgram>& programs) {
  return gpu::compile_all(cuda::platform(), programs);
}

int cuda_compile_worker(WorkerChannel& channel) {
  return gpu::compile_worker(channel, *cuda::make_nvrtc_compiler());
}

int cuda_measure_worker(WorkerChannel& channel) {
  return gpu::measure_worker(channel, {.open = cuda::open_runtime, .answer = answer_probe});
}

}  // namespace tw
