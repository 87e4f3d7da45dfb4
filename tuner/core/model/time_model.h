// Forecasts of a configuration's time from what its kernel's [model] says that it does, before
// anything is compiled: good enough to say which configurations to measure first.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/problem/problem.h"
#include "core/spec/spec.h"
#include "core/types/device_info.h"

namespace tw {

// What the parts of a GPU do in practice, and no datasheet says: fitted to recordings of nine
// kernels on an H100 and an H200 (bench_strategies --model).
struct ModelConstants {
  // Of the peak, or of what a clock of an SM allows: 4 instructions, 128 fp32 multiply-adds, 128
  // bytes of shared memory, 64 bytes of L2. Under load, tensor cores run at a clock below the highest.
  double fma = 0.95, tensor = 0.924, issue = 0.4, shared = 1.05, l2 = 0.9, dram = 0.95;
  double warps = 6;         // of an SM, that keep its units busy half of the time
  double round_ns = 300;    // a wait for memory
  double step_ns = 37;      // a wait for other warps
  double launch_ns = 2000;  // whatever a kernel does
  double sharpness = 1.15;  // how far the longest of the times hides the others
};

// Between a roofline (S. Williams, A. Waterman, D. Patterson, Communications of the ACM 52, 2009),
// in which everything overlaps, and a sum, in which nothing does: times are combined as
// (t1^s + t2^s + ...)^(1/s), s the sharpness.
//
// With r blocks resident on an SM (of registers, shared memory, threads), and of `units` that the
// blocks share the busiest SM having the part p, the times are
//
//   p * fma / (fma rate of an SM), likewise tensor, instructions, shared and l2;
//   the largest of the first three * warps / (resident warps): latency that few warps do not hide;
//   dram / bandwidth;
//   ceil(blocks of the busiest SM / r) * (rounds * round_ns + steps * step_ns).

// What a call takes at the very least, and what for.
struct LeastTime {
  double ns = 0;  // 0: nothing is known
  std::string_view reason;
};

class TimeModel {
 public:
  // The kernel must have a model, and outlive this.
  TimeModel(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
            const DeviceInfo& device, const ModelConstants& constants = {});

  // Of one call. An expression without a value counts as 0. Not safe from several threads.
  double time_ns(std::span<const std::int64_t> configuration);

  // Of one call, however well all else is hidden: of the SMs that have a block the busiest does no
  // less than their mean of a count, and none does more in a clock than 128 fp32 multiply-adds, 128
  // bytes of shared memory, and 2048 multiply-adds of halves or 1024 of TF32 on the tensor cores of
  // compute capability 9 (half of it on 8). Of the counts that the model calls least; nothing in it
  // is fitted.
  LeastTime least_time(std::span<const std::int64_t> configuration);

 private:
  struct Shape {
    double blocks = 1, threads = 1, smem = 0;
  };
  // Of the launch with the most shared memory, or threads.
  Shape shape_of(std::span<const std::int64_t> configuration);
  double value(const Expr& expr) const;

  const ModelSpec& model_;
  const KernelSpec& kernel_;
  DeviceInfo device_;
  ModelConstants constants_;
  bool halves_ = false;
  double tensor_rate_ = 0;  // multiply-adds an SM and ns
  std::vector<std::int64_t> slots_;
};

}  // namespace tw
