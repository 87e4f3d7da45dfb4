// Answers whether a device can launch what a call needs. The limits are those that an emitted
// header checks (emitted/limits.h), so both give the same answer.
#pragma once
#include <cstdint>
#include <span>

#include "core/problem/problem.h"
#include "core/space/space.h"
#include "core/spec/spec.h"

namespace tw {

// Returns whether all launches of the kernel are possible, with the workspaces that they need, and
// at least one of them runs.
bool can_launch(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                const DeviceInfo& device, std::span<const std::int64_t> configuration);
// Returns the bytes of the kernel's workspaces. Call it only if can_launch().
std::int64_t workspace_need(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                            const DeviceInfo& device, std::span<const std::int64_t> configuration);
// Returns whether the problem can be verified on the device: the launch of the op's reference, if
// it has one, is possible, and the inputs and tolerances have values.
bool can_verify(const OpSpec& op, const Problem& problem, const DeviceInfo& device);

}  // namespace tw
