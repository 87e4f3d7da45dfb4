#include "unit/gpu/fake_runtime.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>

#include "core/base/error.h"
#include "unit/gpu/verify_module.h"

namespace tw::gpu {
namespace {

constexpr std::align_val_t alignment{256};  // as of cuMemAlloc
constexpr double verification_ns = 50'000;  // of one of our own kernels

std::byte* host(Address address) { return reinterpret_cast<std::byte*>(address); }

}  // namespace

void FakeTimer::begin() {
  if (mark_) mark_();
  samples_.push_back(0);
  is_open_ = true;
}

void FakeTimer::add(double ns) {
  if (is_open_) samples_.back() += ns;
}

std::vector<double> FakeTimer::collect_ns() {
  is_open_ = false;
  if (!samples_.empty() && loses(batches_++)) samples_.front() = 0;
  return std::exchange(samples_, {});
}

std::map<std::string, double> FakeCounters::collect(const std::function<void()>& prepare,
                                                    const std::function<void()>& launch) {
  for (int i = 0; i < passes; ++i) {
    prepare();
    launch();
  }
  return {{"instructions", 1000}};
}

FakeRuntime::FakeRuntime() {
  info_.kind = DeviceKind::cuda;
  info_.model = "fake GPU";
  info_.cc = 90;
  info_.l2_bytes = 1 << 20;
  info_.smem_optin = 100 * 1024;
  info_.sm_clock_mhz = 1980;
}

FakeRuntime::~FakeRuntime() {
  for (const auto& [address, bytes] : memory_) ::operator delete(host(address), alignment);
}

FakeKernel& FakeRuntime::add(const std::string& name, FakeKernel kernel) {
  return kernels_[name] = std::move(kernel);
}

HostClock FakeRuntime::clock() {
  return {.now = [this] { return std::chrono::steady_clock::time_point(now_); },
          .sleep =
              [this](std::chrono::milliseconds duration) {
                slept_ms += static_cast<double>(duration.count());
                now_ += duration;
              }};
}

int FakeRuntime::count_of(const std::string& kernel) const {
  const auto found = verifications_.find(kernel);
  return found == verifications_.end() ? 0 : found->second;
}

void FakeRuntime::check(std::string_view doing) const {
  if (fault_shown_) throw Failure{Failure::Kind::fault, fmt::format("{}: FAKE_FAULT", doing)};
}

void FakeRuntime::check_range(Address address, std::size_t bytes) const {
  const auto after = memory_.upper_bound(address);
  if (after != memory_.begin()) {
    const auto& [begin, size] = *std::prev(after);
    if (address + bytes <= begin + static_cast<Address>(size)) return;
  }
  throw std::logic_error("a copy or a fill goes beyond an allocation");
}

Address FakeRuntime::allocate(std::int64_t bytes) {
  check("allocating");
  if (bytes_in_use_ + bytes > memory_limit) {
    throw Failure{Failure::Kind::out_of_memory,
                  fmt::format("allocating {} bytes: FAKE_OUT_OF_MEMORY", bytes)};
  }
  void* const data = ::operator new(static_cast<std::size_t>(bytes), alignment);
  const auto address = reinterpret_cast<Address>(data);
  memory_[address] = bytes;
  bytes_in_use_ += bytes;
  return address;
}

void FakeRuntime::free(Address address) noexcept {
  const auto found = memory_.find(address);
  if (found == memory_.end()) return;
  bytes_in_use_ -= found->second;
  memory_.erase(found);
  ::operator delete(host(address), alignment);
}

void FakeRuntime::copy_to_host(void* to, Address from, std::size_t bytes, std::string_view doing) {
  check(doing);
  check_range(from, bytes);
  std::memcpy(to, host(from), bytes);
}

void FakeRuntime::copy_to_device(Address to, const void* from, std::size_t bytes,
                                 std::string_view doing) {
  check(doing);
  check_range(to, bytes);
  std::memcpy(host(to), from, bytes);
}

void FakeRuntime::copy(Address to, Address from, std::size_t bytes, std::string_view doing) {
  check_range(from, bytes);
  copy_to_device(to, host(from), bytes, doing);
}

void FakeRuntime::fill_bytes(Address to, std::uint8_t byte, std::size_t bytes,
                             std::string_view doing) {
  check(doing);
  check_range(to, bytes);
  std::memset(host(to), byte, bytes);
}

void FakeRuntime::fill_words(Address to, std::uint16_t word, std::size_t count,
                             std::string_view doing) {
  check(doing);
  check_range(to, 2 * count);
  for (std::size_t i = 0; i < count; ++i) std::memcpy(host(to) + 2 * i, &word, sizeof word);
}

LoadedCode FakeRuntime::load(const std::string& image, std::string_view doing) {
  check(doing);
  if (image.empty()) throw Failure{Failure::Kind::refused, fmt::format("{}: no image", doing)};
  return static_cast<LoadedCode>(++loaded_);
}

void FakeRuntime::unload(LoadedCode) noexcept {}

Kernel FakeRuntime::find(LoadedCode, const std::string& name, std::string_view doing) {
  check(doing);
  Named named;
  const std::vector<std::string>& entries = verify_entries();
  const auto entry = std::find(entries.begin(), entries.end(), name);
  if (entry != entries.end()) {
    named.entry = static_cast<int>(entry - entries.begin());
  } else if (const auto own = kernels_.find(name); own != kernels_.end()) {
    named.own = &own->second;
  } else {
    throw Failure{Failure::Kind::refused, fmt::format("{}: FAKE_NOT_FOUND", doing)};
  }
  named_.push_back(named);
  return static_cast<Kernel>(named_.size() - 1);
}

Symbol FakeRuntime::find_symbol(LoadedCode, const std::string& name, std::string_view doing) {
  check(doing);
  const auto found = symbols.find(name);
  if (found != symbols.end()) return found->second;
  throw Failure{Failure::Kind::refused, fmt::format("{}: FAKE_NOT_FOUND", doing)};
}

std::optional<std::vector<std::size_t>> FakeRuntime::parameter_bytes(Kernel kernel) {
  if (!knows_parameters) return std::nullopt;
  return own(kernel).parameter_bytes;
}

void FakeRuntime::allow_shared_memory(Kernel, std::int64_t smem_bytes, std::string_view doing) {
  check(doing);
  if (smem_bytes > info_.smem_optin) {
    throw Failure{Failure::Kind::refused, fmt::format("{}: FAKE_INVALID_VALUE", doing)};
  }
}

void FakeRuntime::work(double ns, double hidden_ns, double watts) {
  exact.add(ns);
  plain.add(ns);
  advance(ns + hidden_ns, watts);
}

void FakeRuntime::advance(double ns, double watts) {
  const auto updates = [&] {
    const double ms = std::chrono::duration<double, std::milli>(now_).count();
    return energy_update_ms > 0 ? std::floor(ms / energy_update_ms) : 0;
  };
  const double before = updates();
  now_ += std::chrono::nanoseconds(static_cast<std::int64_t>(ns));
  used_mj_ += 1e-6 * ns * watts;  // nJ
  if (updates() > before) shown_mj_ = std::floor(used_mj_);
}

std::optional<double> FakeRuntime::energy_mj() {
  if (!has_energy) return std::nullopt;
  return shown_mj_;
}

void FakeRuntime::launch(Kernel kernel, const LaunchShape& shape, void** arguments,
                         std::string_view doing) {
  check(doing);
  const Named named = named_.at(static_cast<std::size_t>(kernel));
  if (!named.own) return run_verification(named.entry, shape, arguments);
  FakeKernel& own = *named.own;
  if (own.is_refused) throw Failure{Failure::Kind::refused, fmt::format("{}: FAKE_REFUSED", doing)};
  const int launch = own.launches++;
  if (own.faults(launch)) fault_pending_ = true;
  if (fault_pending_) return;
  own.body(arguments);
  work(own.ns(launch), own.hidden_ns, own.watts);
}

void FakeRuntime::run_verification(int entry, const LaunchShape& shape, void** arguments) {
  const std::string& name = verify_entries()[static_cast<std::size_t>(entry)];
  ++verifications_[name];
  if (fault_pending_) return;
  // Clearing a workspace is part of a kernel's time; it takes none here.
  if (name != "tw_zero" && name != "tw_mark") {
    advance(verification_ns);
  }
  if (name.starts_with("tw_flush_")) return;  // there is no L2
  const cpu::Geometry geometry{{shape.grid[0], shape.grid[1], shape.grid[2]},
                               {shape.block[0], shape.block[1], shape.block[2]},
                               shape.smem_bytes};
  const tw_cpu::Module& module = verify_module();
  const std::span<void* const> args(arguments,
                                    static_cast<std::size_t>(module.entries[entry].arg_count));
  const std::string fault = scheduler_.run(module, entry, geometry, args, {});
  if (!fault.empty()) throw std::logic_error(name + ": " + fault);
}

void FakeRuntime::synchronise() {
  if (fault_pending_) fault_shown_ = true;
  check("while it ran");
}

void FakeRuntime::synchronise_device(std::string_view doing) {
  if (fault_pending_) fault_shown_ = true;
  check(doing);
}

Counters& FakeRuntime::counters() {
  if (no_counters) throw Error(*no_counters);
  return counters_;
}

std::unique_ptr<Baseline> FakeRuntime::baseline(const std::string& library,
                                                const BaselineCall& call) {
  if (!make_baseline) throw Error("there is no " + library);
  return make_baseline(call);
}

}  // namespace tw::gpu
