// Forecasts a configuration's time from its kernel's [model] before anything is compiled. The
// forecasts are good enough to decide which configurations to measure first.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/problem/problem.h"
#include "core/spec/spec.h"
#include "core/types/device_info.h"

namespace tw {

// The rates that the parts of a GPU achieve in practice, which no datasheet states. The constants
// are fitted to recordings of nine kernels on an H100 and an H200 (bench_strategies --model).
struct ModelConstants {
  // Fractions of the peak, or of what an SM can do in a clock: 4 instructions, 128 fp32
  // multiply-adds, 128 bytes of shared memory, 64 bytes of L2. Under load, tensor cores run at a
  // clock below the highest one.
  double fma = 0.95, tensor = 0.924, issue = 0.4, shared = 1.05, l2 = 0.9, dram = 0.95;
  double warps = 6;         // per SM, to keep its units busy half of the time
  double round_ns = 300;    // one wait for memory
  double step_ns = 37;      // one wait for other warps
  double launch_ns = 2000;  // overhead of any launch
  double sharpness = 1.15;  // how far the longest of the times hides the others
};

// The rates of a GPU, for an SM and a nanosecond unless they say otherwise.
struct UnitRates {
  double fma = 0, tensor = 0;  // multiply-adds
  double instructions = 0;     // of warps
  double shared = 0, l2 = 0;   // bytes
  double dram = 0;             // bytes, of the whole GPU
};
// Returns the rates of a device for products of this math. Rates that the device does not know are
// typical ones: then only the ratios of forecasts matter.
UnitRates unit_rates(const DeviceInfo& device, std::string_view math,
                     const ModelConstants& constants);

// The model lies between a roofline (S. Williams, A. Waterman, D. Patterson, Communications of the
// ACM 52, 2009), in which everything overlaps, and a sum, in which nothing overlaps. It combines
// the times as (t1^s + t2^s + ...)^(1/s), where s is the sharpness, and adds launch_ns.
//
// Let r be the number of blocks resident on an SM (limited by registers, shared memory and
// threads). Let p be the share of the blocks' `units` that the busiest SM has. The times are
//
//   p * fma / (fma rate of an SM), likewise tensor, instructions, shared and l2;
//   the largest of the first three * warps / (resident warps): latency that few warps do not hide;
//   dram / bandwidth;
//   ceil(blocks of the busiest SM / r) * (rounds * round_ns + steps * step_ns).

// A lower bound of the time of a call, and its reason.
struct LeastTime {
  double ns = 0;  // 0: nothing is known
  std::string_view reason;
};

// The time model of one kernel for one problem on one device.
class TimeModel {
 public:
  // The kernel must have a [model] and must outlive the TimeModel.
  TimeModel(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
            const DeviceInfo& device, const ModelConstants& constants = {});

  // Returns the forecast of one call. An expression without a value counts as 0. Not thread-safe.
  double time_ns(std::span<const std::int64_t> configuration);

  // Returns the lower bound of one call, however well everything else is hidden. The busiest of the
  // SMs that have a block does at least the mean work of these SMs. In a clock, no SM does more
  // than 128 fp32 multiply-adds, 128 bytes of shared memory, and 2048 multiply-adds of halves or
  // 1024 of TF32 on the tensor cores of compute capability 9 (half as many on 8). Uses only the
  // counts that the model calls least. No constant in it is fitted.
  LeastTime least_time(std::span<const std::int64_t> configuration);

 private:
  struct Shape {
    double blocks = 1, threads = 1, smem = 0;
  };
  // Returns the shape of the launch with the most shared memory or threads.
  Shape shape_of(std::span<const std::int64_t> configuration);
  double value(const Expr& expr) const;

  const ModelSpec& model_;
  const KernelSpec& kernel_;
  DeviceInfo device_;
  ModelConstants constants_;
  bool halves_ = false;
  UnitRates rates_;
  std::vector<std::int64_t> slots_;
};

}  // namespace tw
