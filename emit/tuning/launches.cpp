#include "emit/tuning/launches.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "emit/emitted/limits.h"

namespace tw {
namespace {

using Slots = std::span<const std::int64_t>;

constexpr std::size_t most_integers = 32;  // of one argument
using OneLaunch = dispatch::Plan<1, 1, most_integers>;

// The limits that launches are compared with. A limit that is not known is no limit.
dispatch::Device limits_of(const DeviceInfo& info) {
  const auto known = [](std::int64_t limit) {
    return limit > 0 ? limit : std::numeric_limits<std::int64_t>::max();
  };
  dispatch::Device device;
  device.cc = info.cc;
  device.max_threads = known(info.max_threads);
  device.smem_optin = known(info.smem_optin);
  return device;
}

checked::Value value_of(const Expr& expr, Slots slots) {
  const auto value = expr.evaluate(slots);
  return value ? checked::Value(*value) : checked::Value();
}

const TensorSpec& tensor_of(const OpSpec& op, const ArgSpec& arg) {
  return *std::find_if(op.tensors.begin(), op.tensors.end(),
                       [&](const TensorSpec& tensor) { return tensor.name == arg.name; });
}

// Sets the integers of an argument, and the tensor map that they describe.
void plan_argument(const OpSpec& op, const ArgSpec& arg, const Problem& problem, Slots slots,
                   OneLaunch& plan) {
  const std::span<const Expr> integers = arg.integers();
  plan.valid = plan.valid && integers.size() <= most_integers;
  for (std::size_t i = 0; i < integers.size() && plan.valid; ++i) {
    const int at = static_cast<int>(i);
    const checked::Value value = value_of(integers[i], slots);
    if (arg.kind == ArgSpec::Kind::int32) {
      plan.int32(0, at, value);
    } else {
      plan.int64(0, at, value);
    }
  }
  if (arg.kind != ArgSpec::Kind::tensor_map) return;
  const TensorSpec& tensor = tensor_of(op, arg);
  const std::int64_t bytes = size_of(dtype_of(tensor, problem.dtype));
  if (tensor.by_pointers && tensor.by_pointers->holds(slots)) plan.valid = false;
  if (arg.im2col) {
    plan.im2col_map(0, 0, arg.swizzle, bytes, problem.align);
  } else {
    plan.tensor_map(0, 0, arg.rank(), arg.swizzle, bytes, problem.align);
  }
}

bool can_launch(const OpSpec& op, const LaunchSpec& launch, const Problem& problem,
                const dispatch::Device& device, Slots slots) {
  const auto value = [&](const Expr& expr) { return value_of(expr, slots); };
  OneLaunch plan;
  plan.when(0, checked::Value(1));
  plan.grid(0, value(launch.grid[0]), value(launch.grid[1]), value(launch.grid[2]));
  plan.block(0, value(launch.block[0]), value(launch.block[1]), value(launch.block[2]), device);
  plan.cluster(0, value(launch.cluster[0]), value(launch.cluster[1]), value(launch.cluster[2]),
               device);
  plan.shared(0, value(launch.smem_bytes), device);
  for (const ArgSpec& arg : launch.args) plan_argument(op, arg, problem, slots, plan);
  return plan.launches();
}

std::vector<std::int64_t> slots_with(const OpSpec& op, const KernelSpec& kernel,
                                     const Problem& problem, const DeviceInfo& device,
                                     Slots configuration) {
  std::vector<std::int64_t> slots = slots_of(op, kernel.names, problem, device);
  std::copy(configuration.begin(), configuration.end(), slots.begin() + kernel.first_knob);
  return slots;
}

}  // namespace

bool can_launch(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                const DeviceInfo& device, std::span<const std::int64_t> configuration) {
  const std::vector<std::int64_t> slots = slots_with(op, kernel, problem, device, configuration);
  for (const WorkspaceSpec& workspace : kernel.workspaces) {
    OneLaunch plan;
    plan.workspace(0, value_of(workspace.bytes, slots));
    if (!plan.valid) return false;
  }
  bool any = false;
  for (const LaunchSpec& launch : kernel.launches) {
    const auto when = launch.when.evaluate(slots);
    if (!when) return false;
    if (*when == 0) continue;
    if (!can_launch(op, launch, problem, limits_of(device), slots)) return false;
    any = true;
  }
  return any;
}

std::int64_t workspace_need(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                            const DeviceInfo& device, std::span<const std::int64_t> configuration) {
  const std::vector<std::int64_t> slots = slots_with(op, kernel, problem, device, configuration);
  std::int64_t bytes = 0;
  for (const WorkspaceSpec& workspace : kernel.workspaces) {
    bytes += workspace.bytes.evaluate(slots).value_or(0);
  }
  return bytes;
}

bool can_verify(const OpSpec& op, const Problem& problem, const DeviceInfo& device) {
  const std::vector<std::int64_t> slots = slots_of(op, op.names, problem, device);
  const auto has_value = [&](const Expr& expr) { return expr.evaluate(slots).has_value(); };
  for (const TensorSpec& tensor : op.tensors) {
    const FillSpec& fill = tensor.second;
    if (!has_value(fill.sign) || !has_value(fill.scale) || !has_value(fill.infinities))
      return false;
    if (tensor.tolerance && !has_value(*tensor.tolerance)) return false;
  }
  for (const EpilogueStep& step : problem.epilogue.steps) {
    if (!step.word->takes_tensor) continue;
    if (!has_value(op.epilogue_extents.at(std::string(step.word->name)))) return false;
  }
  if (!has_value(op.tolerance.at(problem.math))) return false;
  return op.reference_source.empty() ||
         can_launch(op, op.reference, problem, limits_of(device), slots);
}

}  // namespace tw
