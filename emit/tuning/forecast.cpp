#include "emit/tuning/forecast.h"

#include <algorithm>

namespace tw {
namespace {

std::int64_t count_of(const Expr& expr, std::span<const std::int64_t> slots) {
  return expr.evaluate(slots).value_or(0);
}

}  // namespace

// The fractions of the peaks are those of ModelConstants (core/model/time_model.h), which are
// fitted to recordings.
dispatch::Rates rates_of(const DeviceInfo& device, const std::string& math) {
  const double clock = device.sm_clock_mhz > 0 ? device.sm_clock_mhz * 1e-3 : 1.5;
  const bool has_halves = math == "f16" || math == "bf16";
  const double flops = has_halves ? device.bf16_flops : device.tf32_flops;
  const double tensor = flops > 0 && device.sms > 0 ? flops / 2 / device.sms * 1e-9
                                                    : (has_halves ? 2048 : 1024) * clock;
  const double dram = device.memory_bandwidth > 0 ? device.memory_bandwidth * 1e-9 : 1000;
  return {.fma = 128 * clock * 0.95,
          .tensor = tensor * 0.924,
          .instructions = 4 * clock * 0.4,
          .shared = 128 * clock * 1.05,
          .l2 = 64 * clock * 0.9,
          .dram = dram * 0.95,
          .warps = 6,
          .round_ns = 300,
          .step_ns = 37,
          .launch_ns = 2000};
}

double forecast_of(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                   const DeviceInfo& device, const dispatch::Rates& rates,
                   std::span<const std::int64_t> configuration) {
  std::vector<std::int64_t> slots = slots_of(op, kernel.names, problem, device);
  std::copy(configuration.begin(), configuration.end(), slots.begin() + kernel.first_knob);
  const auto value = [&](const Expr& expr) { return count_of(expr, slots); };
  dispatch::Work work;
  for (const LaunchSpec& launch : kernel.launches) {
    work.launch(value(launch.when),
                {value(launch.grid[0]), value(launch.grid[1]), value(launch.grid[2])},
                {value(launch.block[0]), value(launch.block[1]), value(launch.block[2])},
                value(launch.smem_bytes));
  }
  const ModelSpec& model = *kernel.model;
  work.fma = dispatch::amount(value(model.fma));
  work.tensor = dispatch::amount(value(model.tensor));
  work.instructions = dispatch::amount(value(model.instructions));
  work.shared = dispatch::amount(value(model.shared));
  work.l2 = dispatch::amount(value(model.l2));
  work.dram = dispatch::amount(value(model.dram));
  work.units = dispatch::amount(value(model.units));
  work.rounds = dispatch::amount(value(model.rounds));
  work.steps = dispatch::amount(value(model.steps));
  work.registers = dispatch::amount(value(model.registers));
  return dispatch::forecast_ns(work, rates, device);
}

}  // namespace tw
