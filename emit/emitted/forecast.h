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

// The operations of expressions for forecasts, where an overflow makes a bad guess and no fault.
// They are several times faster than those of checked.h, because compilers share what is common.
namespace plain {

using Int = std::int64_t;
using Bits = std::uint64_t;

constexpr Int add(Int a, Int b) {
  return static_cast<Int>(static_cast<Bits>(a) + static_cast<Bits>(b));
}
constexpr Int sub(Int a, Int b) {
  return static_cast<Int>(static_cast<Bits>(a) - static_cast<Bits>(b));
}
constexpr Int mul(Int a, Int b) {
  return static_cast<Int>(static_cast<Bits>(a) * static_cast<Bits>(b));
}
constexpr Int neg(Int a) { return sub(0, a); }
// Sizes are not negative, so these divide without a sign: 0 if there is no result.
constexpr Int div(Int a, Int b) {
  return a < 0 || b <= 0 ? 0 : static_cast<Int>(static_cast<Bits>(a) / static_cast<Bits>(b));
}
constexpr Int mod(Int a, Int b) {
  return a < 0 || b <= 0 ? 0 : static_cast<Int>(static_cast<Bits>(a) % static_cast<Bits>(b));
}
constexpr Int ceil_div(Int a, Int b) { return div(add(a, sub(b, 1)), b); }
constexpr Int round_up(Int a, Int b) { return mul(ceil_div(a, b), b); }
constexpr Int min(Int a, Int b) { return a < b ? a : b; }
constexpr Int max(Int a, Int b) { return a > b ? a : b; }
constexpr Int lt(Int a, Int b) { return a < b ? 1 : 0; }
constexpr Int le(Int a, Int b) { return a <= b ? 1 : 0; }
constexpr Int gt(Int a, Int b) { return a > b ? 1 : 0; }
constexpr Int ge(Int a, Int b) { return a >= b ? 1 : 0; }
constexpr Int eq(Int a, Int b) { return a == b ? 1 : 0; }
constexpr Int ne(Int a, Int b) { return a != b ? 1 : 0; }
constexpr Int logical_and(Int a, Int b) { return a != 0 && b != 0 ? 1 : 0; }
constexpr Int logical_or(Int a, Int b) { return a != 0 || b != 0 ? 1 : 0; }
constexpr Int logical_not(Int a) { return a == 0 ? 1 : 0; }
constexpr Int truth(Int a) { return a != 0 ? 1 : 0; }
constexpr Int select(Int condition, Int yes, Int no) { return condition != 0 ? yes : no; }

// The rare ones.
constexpr Int known(checked::Value value) { return value.ok ? value.v : 0; }
constexpr Int bit_not(Int a) { return ~a; }
constexpr Int bit_and(Int a, Int b) { return a & b; }
constexpr Int bit_or(Int a, Int b) { return a | b; }
constexpr Int bit_xor(Int a, Int b) { return a ^ b; }
constexpr Int floor_div(Int a, Int b) { return known(checked::floor_div(a, b)); }
constexpr Int floor_mod(Int a, Int b) { return known(checked::floor_mod(a, b)); }
constexpr Int shl(Int a, Int b) { return known(checked::shl(a, b)); }
constexpr Int shr(Int a, Int b) { return known(checked::shr(a, b)); }
constexpr Int abs(Int a) { return a < 0 ? neg(a) : a; }
constexpr Int gcd(Int a, Int b) { return known(checked::gcd(a, b)); }
constexpr Int pow(Int a, Int b) { return known(checked::pow(a, b)); }
constexpr Int is_pow2(Int a) { return known(checked::is_pow2(a)); }
constexpr Int log2(Int a) { return known(checked::log2(a)); }

}  // namespace plain

// Returns the value of a count. A negative one counts as 0.
constexpr double amount(std::int64_t value) { return value > 0 ? static_cast<double>(value) : 0; }

// The work of one call. The members after the launch are the keys of the kernel's [model] in its
// TOML file.
struct Work {
  double blocks = 1, threads = 1, smem = 0;  // of the launch with the most shared memory
  double fma = 0, tensor = 0, instructions = 0, shared = 0, l2 = 0, dram = 0;
  double units = 0, rounds = 0, steps = 0, registers = 0;

  // Takes a launch into account, if it has more shared memory or more threads than those before.
  constexpr void launch(std::int64_t when, const std::int64_t (&grid)[3],
                        const std::int64_t (&block)[3], std::int64_t smem_bytes) {
    if (when == 0) return;
    double its_blocks = 1, its_threads = 1;
    for (const std::int64_t value : grid) its_blocks *= amount(value) > 1 ? amount(value) : 1;
    for (const std::int64_t value : block) its_threads *= amount(value) > 1 ? amount(value) : 1;
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
  for (int step = 8; step > 0; step /= 2) {
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
  for (int step = 32; step > 0; step /= 2) {
    if (size >> (exponent + step) > 0) exponent += step;
  }
  return exponent - 1 +
         static_cast<double>(size) / static_cast<double>(std::int64_t{1} << exponent);
}

}  // namespace tw::dispatch
