// Decides whether a branch can run. The decision compares the limits of the device with launches
// whose expressions are all evaluated. Plain C++17, so that it needs no CUDA compiler.
#pragma once
#include <cstddef>
#include <cstdint>

#include "core/base/checked.h"
#include "core/plan/launch_limits.h"
#include "core/plan/tensor_map.h"
#include "emit/emitted/choose.h"

namespace tw::dispatch {

// The limits of the device on which the call runs, and the target for which the program's code was
// compiled. Expressions read `cc`, the compute capability of that code times ten. `gpu_cc` is that
// of the GPU. `cc` is lower if the program holds only code for an earlier architecture.
struct Device {
  int ordinal = -1;
  std::int64_t gpu_cc = 0, cc = 0;
  bool specific = false;  // the code's target is like sm_90a, which has more than plain sm_90
  std::int64_t sms = 0, smem_optin = 0, smem_per_sm = 0, regs_per_sm = 0;
  std::int64_t threads_per_sm = 0, blocks_per_sm = 0, max_threads = 0, l2_bytes = 0;
  std::int64_t memory_bytes = 0;
};

// Returns whether the program's code is for plain sm_90, sm_100 or sm_103. The tuner measures code
// for the targets sm_90a, sm_100a and sm_103a.
constexpr bool lacks_specific_code(const Device& device) {
  const bool has_both = device.cc == 90 || device.cc == 100 || device.cc == 103;
  return has_both && !device.specific;
}

// Returns the device with `cc` and `specific` as if the program held all code for it.
constexpr Device with_all_code(Device device) {
  device.cc = device.gpu_cc;
  device.specific = true;
  return device;
}

// Returns whether all that may decide a choice is equal. Two GPUs of one kind are.
constexpr bool same_limits(const Device& a, const Device& b) {
  return a.gpu_cc == b.gpu_cc && a.cc == b.cc && a.specific == b.specific && a.sms == b.sms &&
         a.smem_optin == b.smem_optin && a.smem_per_sm == b.smem_per_sm &&
         a.regs_per_sm == b.regs_per_sm && a.threads_per_sm == b.threads_per_sm &&
         a.blocks_per_sm == b.blocks_per_sm && a.max_threads == b.max_threads &&
         a.l2_bytes == b.l2_bytes && a.memory_bytes == b.memory_bytes;
}

constexpr std::int64_t value_or(checked::Value value, std::int64_t otherwise) {
  return value.ok ? value.v : otherwise;
}

// Returns a dim of a call: the number that the caller gives or, for -1, the dim's default. A
// default without a value counts as -1.
constexpr std::int64_t given_or(std::int64_t given, checked::Value otherwise) {
  return given == -1 ? value_or(otherwise, -1) : given;
}

// Returns the smaller of `alignment` and the alignment of the pointer, in bytes. Both are powers of
// two.
inline std::int64_t least_alignment(std::int64_t alignment, const void* pointer) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  while (address % static_cast<std::uintptr_t>(alignment) != 0) alignment /= 2;
  return alignment;
}

// Returns whether a number is a power of two. Alignments that the caller states must be one.
constexpr bool is_power_of_two(std::int64_t value) {
  return value > 0 && (value & (value - 1)) == 0;
}
constexpr std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// One axis of a tensor.
struct Axis {
  checked::Value extent, stride;  // in elements
};

// Returns whether all extents are positive, no stride is negative, and the axes span at most `most`
// elements from the first to the last.
template <std::size_t kAxes>
constexpr bool is_tensor(const Axis (&axes)[kAxes], std::int64_t most) {
  std::int64_t last = 0;  // offset of the last element
  for (const Axis& axis : axes) {
    const checked::Value extent = axis.extent, stride = axis.stride;
    if (!extent.ok || !stride.ok || extent.v < 1 || stride.v < 0) return false;
    if (stride.v > 0 && extent.v - 1 > (most - 1 - last) / stride.v) return false;
    last += (extent.v - 1) * stride.v;
  }
  return true;
}

// One kernel launch. `value` holds the integer arguments, in order.
template <int kValues>
struct Pass {
  bool runs = false;
  unsigned grid[3] = {1, 1, 1}, block[3] = {1, 1, 1}, cluster[3] = {1, 1, 1};
  unsigned smem_bytes = 0;
  std::int64_t value[kValues > 0 ? kValues : 1] = {};
};

// All launches of a branch and all its workspaces. The workspaces lie one after the other in the
// memory that the caller gives.
template <int kPasses, int kWorkspaces, int kValues>
struct Plan {
  static constexpr std::int64_t alignment = 256;
  static constexpr int passes = kPasses;

  bool valid = true;
  Pass<kValues> pass[kPasses];
  std::int64_t offset[kWorkspaces + 1] = {};  // in bytes; the last one is the total size
  std::int64_t bytes[kWorkspaces > 0 ? kWorkspaces : 1] = {};

  // Sets the size of a workspace. Set the workspaces and then the passes, each in order. An
  // expression without a value, or with a negative one, makes the plan invalid.
  constexpr void workspace(int index, checked::Value size) {
    const checked::Value end =
        checked::add(offset[index], checked::round_up(size, checked::Value(alignment)));
    valid = valid && end.ok && size.ok && size.v >= 0;
    if (!valid) return;
    bytes[index] = size.v;
    offset[index + 1] = end.v;
  }
  // Sets whether the pass runs, and returns it. If it does not run, set nothing else of the pass.
  constexpr bool when(int index, checked::Value condition) {
    valid = valid && condition.ok;
    pass[index].runs = valid && condition.v != 0;
    return pass[index].runs;
  }
  constexpr void grid(int index, checked::Value x, checked::Value y, checked::Value z) {
    set(pass[index].grid[0], x, 1, launch_limits::grid[0]);
    set(pass[index].grid[1], y, 1, launch_limits::grid[1]);
    set(pass[index].grid[2], z, 1, launch_limits::grid[2]);
  }
  constexpr void block(int index, checked::Value x, checked::Value y, checked::Value z,
                       const Device& device) {
    unsigned(&block)[3] = pass[index].block;
    set(block[0], x, 1, launch_limits::block[0]);
    set(block[1], y, 1, launch_limits::block[1]);
    set(block[2], z, 1, launch_limits::block[2]);
    valid = valid && std::int64_t{1} * block[0] * block[1] * block[2] <= device.max_threads;
  }
  // Sets the cluster of a pass. The cluster must divide the grid, so set the grid first.
  constexpr void cluster(int index, checked::Value x, checked::Value y, checked::Value z,
                         const Device& device) {
    const checked::Value size[3] = {x, y, z};
    unsigned(&cluster)[3] = pass[index].cluster;
    for (int i = 0; i < 3; ++i) {
      set(cluster[i], size[i], 1, launch_limits::cluster_blocks);
      valid = valid && pass[index].grid[i] % cluster[i] == 0;
    }
    const unsigned blocks = cluster[0] * cluster[1] * cluster[2];
    valid = valid && (blocks == 1 || (blocks <= launch_limits::cluster_blocks &&
                                      device.cc >= launch_limits::cluster_cc));
  }
  constexpr void shared(int index, checked::Value size, const Device& device) {
    set(pass[index].smem_bytes, size, 0, device.smem_optin);
  }
  constexpr void int32(int index, int at, checked::Value value) {
    valid = valid && value.ok && value.v >= INT32_MIN && value.v <= INT32_MAX;
    pass[index].value[at] = value.v;
  }
  constexpr void int64(int index, int at, checked::Value value) {
    valid = valid && value.ok;
    pass[index].value[at] = value.v;
  }
  // Makes the plan invalid unless the values from index `at` on describe a tensor map. They are the
  // values for describe_tensor_map or describe_im2col_map.
  constexpr void tensor_map(int index, int at, int rank, int swizzle, std::int64_t element_bytes,
                            std::int64_t align) {
    TensorMapShape shape;
    valid =
        valid && describe_tensor_map(shape, pass[index].value + at, rank,
                                     static_cast<int>(element_bytes), swizzle, align) == nullptr;
  }
  constexpr void im2col_map(int index, int at, int swizzle, std::int64_t element_bytes,
                            std::int64_t align) {
    TensorMapShape shape;
    valid =
        valid && describe_im2col_map(shape, pass[index].value + at, static_cast<int>(element_bytes),
                                     swizzle, align) == nullptr;
  }
  // Returns whether everything that was set can be launched, and at least one pass runs.
  constexpr bool launches() const {
    bool any = false;
    for (const Pass<kValues>& one : pass) any = any || one.runs;
    return valid && any;
  }
  constexpr std::size_t workspace_bytes() const {
    return static_cast<std::size_t>(offset[kWorkspaces]);
  }
  // Returns whether `workspace`, device memory of `size` bytes, is aligned and large enough for the
  // launches. Returns true if the launches need no workspace.
  bool takes(const void* workspace, std::size_t size) const {
    if (workspace_bytes() == 0) return true;
    return workspace != nullptr && size >= workspace_bytes() &&
           reinterpret_cast<std::uintptr_t>(workspace) % alignment == 0;
  }

 private:
  constexpr void set(unsigned& to, checked::Value value, std::int64_t low, std::int64_t high) {
    valid = valid && value.ok && value.v >= low && value.v <= high;
    if (valid) to = static_cast<unsigned>(value.v);
  }
};

}  // namespace tw::dispatch
