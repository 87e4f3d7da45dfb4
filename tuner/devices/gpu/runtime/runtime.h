// What the measuring worker needs of a GPU: memory, kernels, one stream, times, counters and
// baselines. devices/cuda/runtime implements it with the CUDA driver; tests have a fake
// (tests/unit/gpu/fake_runtime.h).
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/tensor_map.h"
#include "core/types/device_info.h"
#include "devices/gpu/runtime/baseline.h"
#include "devices/gpu/runtime/counters.h"
#include "devices/gpu/runtime/failure.h"
#include "devices/gpu/runtime/timer.h"

namespace tw::gpu {

// The two uses of a profiler. A process can either record times or count, not both.
enum class Use { time, count };

// Names of a loaded module and of a kernel in it, which only the runtime can read.
enum class LoadedCode : std::uintptr_t {};
enum class Kernel : std::uintptr_t {};

// An array of a loaded module.
struct Symbol {
  Address address = 0;
  std::int64_t bytes = 0;
};

// The geometry of a launch, in blocks of the grid, threads of the block and blocks of the cluster.
struct LaunchShape {
  std::array<unsigned, 3> grid{1, 1, 1}, block{1, 1, 1}, cluster{1, 1, 1};
  unsigned smem_bytes = 0;  // dynamic shared memory of a block
};

// What the compiler allotted to a kernel.
struct KernelAttributes {
  int registers = 0;                   // of a thread
  std::int64_t local_bytes = 0;        // of a thread
  std::int64_t static_smem_bytes = 0;  // of a block
};

// A tensor map as a kernel takes it.
using TensorMapBytes = std::array<std::byte, 128>;

// One device and its only stream. Unless a function says otherwise, it throws Failure whose text is
// `doing`, a colon and the driver's reason. "On the stream" means that the function does not wait:
// the work runs after all earlier work of the stream, and a fault of it is thrown by synchronise()
// or by any later call.
class Runtime {
 public:
  virtual ~Runtime() = default;
  virtual const DeviceInfo& info() const = 0;
  // Returns notices for the user, one line each. Each notice is returned once.
  virtual std::vector<std::string> take_notices() = 0;

  // Memory. Sizes are in bytes.

  // Allocates device memory, aligned to at least 256 bytes. The text of the Failure says how much
  // was asked for.
  virtual Address allocate(std::int64_t bytes) = 0;
  virtual void free(Address address) noexcept = 0;  // of allocate()
  // Copy to and from the host, after all earlier work of the stream that was waited for.
  virtual void copy_to_host(void* to, Address from, std::size_t bytes, std::string_view doing) = 0;
  virtual void copy_to_device(Address to, const void* from, std::size_t bytes,
                              std::string_view doing) = 0;
  // Copies from device memory to device memory, on the stream.
  virtual void copy(Address to, Address from, std::size_t bytes, std::string_view doing) = 0;
  // Fill with a byte or with a 16-bit word, on the stream. `count` is the number of words.
  virtual void fill_bytes(Address to, std::uint8_t byte, std::size_t bytes,
                          std::string_view doing) = 0;
  virtual void fill_words(Address to, std::uint16_t word, std::size_t count,
                          std::string_view doing) = 0;

  // Kernels.

  // Loads a compiled module. `image` is what the platform's compiler wrote.
  virtual LoadedCode load(const std::string& image, std::string_view doing) = 0;
  virtual void unload(LoadedCode code) noexcept = 0;
  // Returns the kernel of this (lowered) name. It is valid until the module is unloaded.
  virtual Kernel find(LoadedCode code, const std::string& name, std::string_view doing) = 0;
  // Returns the array of this (lowered) name. It is valid until the module is unloaded.
  virtual Symbol find_symbol(LoadedCode code, const std::string& name, std::string_view doing) = 0;
  virtual KernelAttributes attributes(Kernel kernel) = 0;
  // Returns the size of each parameter in bytes; nothing if the driver cannot tell.
  virtual std::optional<std::vector<std::size_t>> parameter_bytes(Kernel kernel) = 0;
  // Returns how many blocks of `threads` threads and `smem_bytes` of dynamic shared memory an SM
  // holds at a time.
  virtual int blocks_per_sm(Kernel kernel, int threads, std::int64_t smem_bytes) = 0;
  // Allows launches with so many bytes of dynamic shared memory. Launches with at most 48 KiB of
  // static and dynamic shared memory together need no permission.
  virtual void allow_shared_memory(Kernel kernel, std::int64_t smem_bytes,
                                   std::string_view doing) = 0;
  // Allows clusters of more than 8 blocks.
  virtual void allow_large_cluster(Kernel kernel, std::string_view doing) = 0;
  // Returns the tensor map of a tensor at `data`.
  virtual TensorMapBytes encode_tensor_map(const TensorMapShape& shape, Address data) = 0;
  // Launches a kernel on the stream; arguments[i] points to the i-th argument. Samples are timed
  // around this call, so it does nothing else.
  virtual void launch(Kernel kernel, const LaunchShape& shape, void** arguments,
                      std::string_view doing) = 0;

  // Waits for the stream. Throws Failure ("while it ran: ...") if the work on it faulted.
  virtual void synchronise() = 0;
  // Waits for all work of the device, on other streams too.
  virtual void synchronise_device(std::string_view doing) = 0;

  // Times.

  // Returns the best timer of this machine. Each call returns the same timer.
  virtual Timer& timer() = 0;
  // Returns a timer that loses no sample but is less exact. It may be the same as timer().
  virtual Timer& fallback_timer() = 0;

  // Returns the hardware counters, and opens them at the first call. Throws Error that says why
  // there are none.
  virtual Counters& counters() = 0;

  // Telemetry. Without it there are no values, and nothing throws.

  // Returns the current clock of the SMs in MHz; 0 if unknown.
  virtual double sm_clock_mhz() = 0;
  // Returns whether heat or the power supply holds the clock down, so that a time measured now says
  // nothing about the kernel.
  virtual bool is_throttled() = 0;
  // Adds power_w and temperature_c.
  virtual void add_telemetry(std::map<std::string, double>& metrics) = 0;
  // Returns the energy in mJ that the device has used since some moment in the past.
  virtual std::optional<double> energy_mj() = 0;

  // Returns a library's routine. Throws Error if the library is missing, or has no such call for
  // the dtype and math.
  virtual std::unique_ptr<Baseline> baseline(const std::string& library,
                                             const BaselineCall& call) = 0;
};

}  // namespace tw::gpu
