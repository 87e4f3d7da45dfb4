// Forecasts the time of a call from what the kernel does in it. Plain C++17.
#pragma once
#include <cstdint>

#include "core/base/checked.h"

namespace tw::dispatch {

// The rates of a GPU, for an SM and a nanosecond unless they say otherwise.
struct Rates {
  double fma = 0, tensor = 0;  // multiply-adds
  double instructions = 0;     // of warps
  double shared = 0, l2 = 0;   // bytes
  double dram = 0;             // bytes, of the whole GPU
  double warps = 0;            // resident warps with which the units are busy half of the time
  double round_ns = 0;         // one wait for memory
  double step_ns = 0;          // one wait for other warps
  double launch_ns = 0;        // overhead of a launch
};

// Returns the value of a count. An expression without a value, and a negative one, count as 0.
constexpr double amount(checked::Value value) {
  return value.ok && value.v > 0 ? static_cast<double>(value.v) : 0;
}

// What one call does: the keys of the kernel's [model] in its TOML file.
struct Work {
  double blocks = 1, threads = 1, smem = 0;  // of the launch with the most shared memory
  double fma = 0, tensor = 0, instructions = 0, shared = 0, l2 = 0, dram = 0;
  double units = 0, rounds = 0, steps = 0, registers = 0;

  // Takes a launch into account, if it has more shared memory or more threads than those before.
  constexpr void launch(checked::Value when, const checked::Value (&grid)[3],
                        const checked::Value (&block)[3], checked::Value smem_bytes) {
    if (!when.ok || when.v == 0) return;
    double its_blocks = 1, its_threads = 1;
    for (const checked::Value value : grid) its_blocks *= amount(value) > 1 ? amount(value) : 1;
    for (const checked::Value value : block) its_threads *= amount(value) > 1 ? amount(value) : 1;
    const double its_smem = amount(smem_bytes);
    const bool is_larger =
        its_smem > smem || (!(its_smem < smem) && its_blocks * its_threads > blocks * threads);
    if (!is_larger) return;
    blocks = its_blocks;
    threads = its_threads;
    smem = its_smem;
  }
};

constexpr double rounded_up(double value) {
  const auto whole = static_cast<double>(static_cast<std::int64_t>(value));
  return whole < value ? whole + 1 : whole;
}
constexpr double larger(double a, double b) { return a > b ? a : b; }
constexpr double smaller(double a, double b) { return a < b ? a : b; }

// Returns the forecast of one call in ns. It is the sum of the times that the parts of the GPU need
// (core/model/time_model.h of Tilewright says more about each). Device has the limits sms,
// regs_per_sm, smem_per_sm, threads_per_sm and blocks_per_sm.
template <class Device>
constexpr double forecast_ns(const Work& work, const Rates& rates, const Device& device) {
  const double registers = rounded_up(smaller(work.registers, 255) / 8) * 8;
  const double by_registers =
      static_cast<double>(device.regs_per_sm) / (larger(registers, 16) * work.threads);
  const double by_smem = static_cast<double>(device.smem_per_sm) / (work.smem + 1024);
  const double by_threads = static_cast<double>(device.threads_per_sm) / work.threads;
  const double most = smaller(smaller(by_registers, by_smem),
                              smaller(by_threads, static_cast<double>(device.blocks_per_sm)));
  const double resident =
      larger(static_cast<double>(static_cast<std::int64_t>(most)), 1);  // blocks on an SM
  const double busiest = rounded_up(work.blocks / larger(static_cast<double>(device.sms), 1));
  const double units = larger(work.units, work.blocks);
  const double part = busiest * rounded_up(units / work.blocks) / units;  // of the busiest SM
  const double warps = smaller(resident, busiest) * rounded_up(work.threads / 32);
  const double fma = part * work.fma / rates.fma;
  const double tensor = part * work.tensor / rates.tensor;
  const double issue = part * work.instructions / rates.instructions;
  const double latency = larger(larger(fma, tensor), issue) * rates.warps / warps;
  const double waits =
      rounded_up(busiest / resident) * (work.rounds * rates.round_ns + work.steps * rates.step_ns);
  return rates.launch_ns + fma + tensor + issue + latency + waits + work.dram / rates.dram +
         part * (work.shared / rates.shared + work.l2 / rates.l2);
}

// Returns log2 of a number of at least 1, to 0.0001.
constexpr double log2_of(double value) {
  double exponent = 0;
  while (value >= 65536) {
    value *= 1.0 / 65536;
    exponent += 16;
  }
  for (const int step : {8, 4, 2, 1}) {
    const double power = static_cast<double>(1 << step);
    if (value < power) continue;
    value /= power;
    exponent += step;
  }
  const double z = (value - 1) / (value + 1), square = z * z;  // log(value) = 2 atanh(z)
  return exponent + 2.885390081777927 * z *
                        (1 + square * (1.0 / 3 + square * (0.2 + square * (1.0 / 7 + square / 9))));
}

// Returns the place of a size on a logarithmic scale: 3 for 8. It is log2, linear between powers of
// two. Sizes below 1 count as 1.
constexpr double octaves(std::int64_t size) {
  if (size < 1) return 0;
  int exponent = 0;
  for (const int step : {32, 16, 8, 4, 2, 1}) {
    if (size >> (exponent + step) > 0) exponent += step;
  }
  return exponent - 1 +
         static_cast<double>(size) / static_cast<double>(std::int64_t{1} << exponent);
}

}  // namespace tw::dispatch
