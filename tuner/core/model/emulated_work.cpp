#include "core/model/emulated_work.h"

#include <algorithm>
#include <vector>

namespace tw {
namespace {

// Nanoseconds on one core, measured on every op and dtype. Tensor-core instructions take the most
// time per FLOP. A thread of a kernel with barriers or shuffles takes up to 3000 ns, a thread
// without them as little as 85 ns.
constexpr double flop_ns = 4, thread_ns = 400, element_ns = 10;

}  // namespace

EmulatedWork emulated_work(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                           const DeviceInfo& device, std::span<const std::int64_t> configuration) {
  std::vector<std::int64_t> slots = slots_of(op, kernel.names, problem, device);
  std::copy(configuration.begin(), configuration.end(), slots.begin() + kernel.first_knob);
  const auto value = [&](const Expr& expr) {
    return static_cast<double>(std::max<std::int64_t>(expr.evaluate(slots).value_or(0), 0));
  };
  EmulatedWork work;
  work.flops = value(op.flops);
  if (kernel.model) {
    work.flops = std::max(work.flops, 2 * (value(kernel.model->tensor) + value(kernel.model->fma)));
  }
  for (const LaunchSpec& launch : kernel.launches) {
    if (value(launch.when) == 0) continue;
    double threads = 1;
    for (int i = 0; i < 3; ++i) {
      threads *= std::max(value(launch.grid[i]), 1.0) * std::max(value(launch.block[i]), 1.0);
    }
    work.threads += threads;
  }
  for (const TensorSpec& tensor : op.tensors) {
    work.elements += static_cast<double>(layout_of(tensor, slots).elements);
  }
  return work;
}

double emulated_seconds(const EmulatedWork& work) {
  return (work.flops * flop_ns + work.threads * thread_ns + work.elements * element_ns) * 1e-9;
}

double emulated_timeout_ms(double job_seconds, double least_ms) {
  return std::max(least_ms, job_seconds * emulation_margin * 1e3);
}

}  // namespace tw
