#include "emit/tuning/forecast.h"

#include <algorithm>

#include "core/model/time_model.h"

namespace tw {
namespace {

std::int64_t count_of(const Expr& expr, std::span<const std::int64_t> slots) {
  return expr.evaluate(slots).value_or(0);
}

}  // namespace

dispatch::Rates rates_of(const DeviceInfo& device, const std::string& math) {
  const ModelConstants constants;
  const UnitRates rates = unit_rates(device, math, constants);
  return {.fma = rates.fma,
          .tensor = rates.tensor,
          .instructions = rates.instructions,
          .shared = rates.shared,
          .l2 = rates.l2,
          .dram = rates.dram,
          .warps = constants.warps,
          .round_ns = constants.round_ns,
          .step_ns = constants.step_ns,
          .launch_ns = constants.launch_ns};
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
