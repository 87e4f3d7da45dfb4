// A fake GPU for tests of the code that verifies and times kernels. Device memory is host memory,
// kernels are functions of the test, and times are what the test says. The kernels that verify are
// those of kernels/common/verify.cuh, run by the cpu device's emulation of blocks.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "devices/cpu/emulation/scheduler.h"
#include "devices/gpu/measure/host_clock.h"
#include "devices/gpu/runtime/runtime.h"

namespace tw::gpu {

// A kernel of a test.
struct FakeKernel {
  // Called by each launch; arguments[i] points to the i-th argument.
  std::function<void(void** arguments)> body = [](void**) {};
  std::vector<std::size_t> parameter_bytes;
  KernelAttributes attributes{};
  // Returns the time of a launch; `launch` counts this kernel's launches from 0.
  std::function<double(int launch)> ns = [](int) { return 10'000.0; };
  double hidden_ns = 0;  // work of a launch that no timer sees
  double watts = 100;    // while it runs
  bool is_refused = false;
  std::function<bool(int launch)> faults = [](int) { return false; };
  int launches = 0;
};

class FakeRuntime;

// Adds up the times of the kernels that are launched between begin() and end().
class FakeTimer final : public Timer {
 public:
  FakeTimer(std::string name, std::string title)
      : name_(std::move(name)), title_(std::move(title)) {}
  std::string_view name() const override { return name_; }
  std::string_view title() const override { return title_; }
  void set_mark(const std::function<void()>& launch_mark) override { mark_ = launch_mark; }
  void begin() override;
  void end() override { is_open_ = false; }
  std::vector<double> collect_ns() override;
  void add(double ns);

  // Returns whether the first sample of a batch is lost; batches count from 0.
  std::function<bool(int batch)> loses = [](int) { return false; };

 private:
  std::string name_, title_;
  std::function<void()> mark_;
  bool is_open_ = false;
  int batches_ = 0;
  std::vector<double> samples_;
};

class FakeCounters final : public Counters {
 public:
  std::map<std::string, double> collect(const std::function<void()>& prepare,
                                        const std::function<void()>& launch) override;
  int passes = 3;
};

class FakeRuntime final : public Runtime {
 public:
  FakeRuntime();
  ~FakeRuntime() override;

  // For the test.

  // Adds a kernel, which a module finds by its name.
  FakeKernel& add(const std::string& name, FakeKernel kernel);
  FakeKernel& kernel(const std::string& name) { return kernels_.at(name); }
  // The host's clock, which goes on only while kernels run and while the host sleeps.
  HostClock clock();
  int count_of(const std::string& kernel) const;  // launches of a kernel that verifies
  std::int64_t bytes_in_use() const { return bytes_in_use_; }
  std::size_t allocations() const { return memory_.size(); }

  std::map<std::string, Symbol> symbols;              // the arrays of modules
  std::int64_t memory_limit = std::int64_t{1} << 30;  // in bytes
  bool knows_parameters = true;
  std::vector<std::string> notices;
  // Returns whether the device is throttled at the n-th question.
  std::function<bool(int question)> throttled = [](int) { return false; };
  double slept_ms = 0;
  // The energy counter shows the energy of the kernels, and of nothing else, as of the last
  // multiple of this period. 0: it stands still.
  double energy_update_ms = 50;
  bool has_energy = true;
  FakeTimer exact{"cupti", "CUPTI"}, plain{"events", "events"};
  std::optional<std::string> no_counters;  // why there are none
  // Makes a baseline.
  std::function<std::unique_ptr<Baseline>(const BaselineCall&)> make_baseline;

  // Runtime
  const DeviceInfo& info() const override { return info_; }
  std::vector<std::string> take_notices() override { return std::exchange(notices, {}); }
  Address allocate(std::int64_t bytes) override;
  void free(Address address) noexcept override;
  void copy_to_host(void* to, Address from, std::size_t bytes, std::string_view doing) override;
  void copy_to_device(Address to, const void* from, std::size_t bytes,
                      std::string_view doing) override;
  void copy(Address to, Address from, std::size_t bytes, std::string_view doing) override;
  void fill_bytes(Address to, std::uint8_t byte, std::size_t bytes,
                  std::string_view doing) override;
  void fill_words(Address to, std::uint16_t word, std::size_t count,
                  std::string_view doing) override;
  LoadedCode load(const std::string& image, std::string_view doing) override;
  void unload(LoadedCode code) noexcept override;
  Kernel find(LoadedCode code, const std::string& name, std::string_view doing) override;
  Symbol find_symbol(LoadedCode code, const std::string& name, std::string_view doing) override;
  KernelAttributes attributes(Kernel kernel) override { return own(kernel).attributes; }
  std::optional<std::vector<std::size_t>> parameter_bytes(Kernel kernel) override;
  int blocks_per_sm(Kernel, int threads, std::int64_t) override { return 2048 / threads; }
  void allow_shared_memory(Kernel, std::int64_t smem_bytes, std::string_view doing) override;
  void allow_large_cluster(Kernel, std::string_view doing) override { check(doing); }
  TensorMapBytes encode_tensor_map(const TensorMapShape&, Address) override { return {}; }
  void launch(Kernel kernel, const LaunchShape& shape, void** arguments,
              std::string_view doing) override;
  void synchronise() override;
  void synchronise_device(std::string_view doing) override;
  Timer& timer() override { return exact; }
  Timer& fallback_timer() override { return plain; }
  Counters& counters() override;
  double sm_clock_mhz() override { return 1500; }
  bool is_throttled() override { return throttled(questions_++); }
  void add_telemetry(std::map<std::string, double>& metrics) override { metrics["power_w"] = 400; }
  std::optional<double> energy_mj() override;
  std::unique_ptr<Baseline> baseline(const std::string& library, const BaselineCall& call) override;
  // Work of a library: takes time on the device.
  void work(double ns, double hidden_ns = 0, double watts = 0);

 private:
  // A kernel as a handle names it: one of the test's, or an entry of verify.cuh.
  struct Named {
    FakeKernel* own = nullptr;
    int entry = -1;
  };
  FakeKernel& own(Kernel kernel) { return *named_.at(static_cast<std::size_t>(kernel)).own; }
  void check(std::string_view doing) const;  // throws if a fault has shown
  void check_range(Address address, std::size_t bytes) const;
  void run_verification(int entry, const LaunchShape& shape, void** arguments);

  DeviceInfo info_;
  std::map<Address, std::int64_t> memory_;  // sizes of the allocations
  std::int64_t bytes_in_use_ = 0;
  std::map<std::string, FakeKernel> kernels_;
  std::deque<Named> named_;
  int loaded_ = 0;
  bool fault_pending_ = false, fault_shown_ = false;
  std::map<std::string, int> verifications_;  // launches by name
  cpu::Scheduler scheduler_;
  void advance(double ns, double watts = 0);

  std::chrono::nanoseconds now_ = std::chrono::hours(1);
  double used_mj_ = 0, shown_mj_ = 0;
  int questions_ = 0;
  FakeCounters counters_;
};

}  // namespace tw::gpu
