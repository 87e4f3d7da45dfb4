#include "core/model/time_model.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

namespace tw {
namespace {

constexpr double reserved_smem = 1024;  // bytes of shared memory for the system in each block
constexpr double register_unit = 8;     // registers of a thread are allocated in such units
constexpr double register_limit = 255;  // registers of a thread; more than this spill

bool has_halves(std::string_view math) { return math == "f16" || math == "bf16"; }

}  // namespace

UnitRates unit_rates(const DeviceInfo& device, std::string_view math,
                     const ModelConstants& constants) {
  const double clock = device.sm_clock_mhz > 0 ? device.sm_clock_mhz * 1e-3 : 1.5;
  const double flops = has_halves(math) ? device.bf16_flops : device.tf32_flops;
  // If the datasheet is unknown, uses the rate per clock of an SM of compute capability 9.
  const double tensor = flops > 0 && device.sms > 0 ? flops / 2 / device.sms * 1e-9
                                                    : (has_halves(math) ? 2048 : 1024) * clock;
  const double dram = device.memory_bandwidth > 0 ? device.memory_bandwidth * 1e-9 : 1000;
  return {.fma = 128 * clock * constants.fma,
          .tensor = tensor * constants.tensor,
          .instructions = 4 * clock * constants.issue,
          .shared = 128 * clock * constants.shared,
          .l2 = 64 * clock * constants.l2,
          .dram = dram * constants.dram};
}

TimeModel::TimeModel(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                     const DeviceInfo& device, const ModelConstants& constants)
    : model_(*kernel.model),
      kernel_(kernel),
      device_(device),
      constants_(constants),
      halves_(has_halves(problem.math)),
      rates_(unit_rates(device, problem.math, constants)),
      slots_(slots_of(op, kernel.names, problem, device)) {}

double TimeModel::value(const Expr& expr) const {
  return static_cast<double>(std::max<std::int64_t>(expr.evaluate(slots_).value_or(0), 0));
}

TimeModel::Shape TimeModel::shape_of(std::span<const std::int64_t> configuration) {
  std::copy(configuration.begin(), configuration.end(), slots_.begin() + kernel_.first_knob);
  Shape shape;
  for (const LaunchSpec& launch : kernel_.launches) {
    if (value(launch.when) == 0) continue;
    Shape its{.smem = value(launch.smem_bytes)};
    for (int i = 0; i < 3; ++i) {
      its.blocks *= std::max(value(launch.grid[i]), 1.0);
      its.threads *= std::max(value(launch.block[i]), 1.0);
    }
    const auto rank = [](const Shape& of) { return std::pair(of.smem, of.blocks * of.threads); };
    if (rank(its) > rank(shape)) shape = its;
  }
  return shape;
}

LeastTime TimeModel::least_time(std::span<const std::int64_t> configuration) {
  const double clock = device_.sm_clock_mhz * 1e-3;
  if (clock <= 0 || device_.sms <= 0) return {};
  // The busiest of the SMs that have a block does at least the mean work of these SMs.
  const double sms = std::min<double>(device_.sms, shape_of(configuration).blocks);
  LeastTime least;
  const auto needs = [&](bool known, const Expr& count, double per_clock, std::string_view reason) {
    const double ns = known ? value(count) / (sms * per_clock * clock) : 0;
    if (ns > least.ns) least = {ns, reason};
  };
  const double tensor = (halves_ ? 2048.0 : 1024.0) / (device_.cc < 90 ? 2 : 1);
  needs(model_.least_fma, model_.fma, 128, "its multiply-adds");
  needs(model_.least_tensor && device_.cc <= 90, model_.tensor, tensor, "its tensor-core products");
  needs(model_.least_shared, model_.shared, 128, "what it moves through shared memory");
  return least;
}

double TimeModel::time_ns(std::span<const std::int64_t> configuration) {
  const Shape shape = shape_of(configuration);
  const double registers = std::min(value(model_.registers), register_limit);
  const double rounded = std::max(std::ceil(registers / register_unit) * register_unit, 16.0);
  const double resident = std::max(
      std::floor(std::min({static_cast<double>(device_.regs_per_sm) / (rounded * shape.threads),
                           static_cast<double>(device_.smem_per_sm) / (shape.smem + reserved_smem),
                           device_.threads_per_sm / shape.threads,
                           static_cast<double>(device_.blocks_per_sm)})),
      1.0);
  const double sms = device_.sms;
  const double busiest = std::ceil(shape.blocks / sms);  // blocks of the busiest SM
  const double units = std::max(value(model_.units), shape.blocks);
  const double part = busiest * std::ceil(units / shape.blocks) / units;
  const double warps = std::min(resident, busiest) * std::ceil(shape.threads / 32);

  const ModelConstants& c = constants_;
  const double fma = part * value(model_.fma) / rates_.fma;
  const double tensor = part * value(model_.tensor) / rates_.tensor;
  const double issue = part * value(model_.instructions) / rates_.instructions;
  const double shared = part * value(model_.shared) / rates_.shared;
  const double l2 = part * value(model_.l2) / rates_.l2;
  const double dram = value(model_.dram) / rates_.dram;
  const double latency = std::max({fma, tensor, issue}) * c.warps / warps;
  const double waits = std::ceil(busiest / resident) *
                       (value(model_.rounds) * c.round_ns + value(model_.steps) * c.step_ns);
  double sum = 0;
  for (const double time : {fma, tensor, issue, shared, l2, dram, latency, waits}) {
    sum += std::pow(time, c.sharpness);
  }
  return c.launch_ns + std::pow(sum, 1 / c.sharpness);
}

}  // namespace tw
