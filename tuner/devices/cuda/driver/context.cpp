#include "devices/cuda/driver/context.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "devices/cuda/driver/telemetry.h"

namespace tw::cuda {

std::string describe(CUresult result) {
  const char *name = nullptr, *text = nullptr;
  driver().cuGetErrorName(result, &name);
  driver().cuGetErrorString(result, &text);
  return fmt::format("{} ({})", name ? name : "unknown error", text ? text : "no description");
}

namespace {

gpu::Failure::Kind kind_of(CUresult result) {
  switch (result) {
    case CUDA_ERROR_OUT_OF_MEMORY:
      return gpu::Failure::Kind::out_of_memory;
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_ASSERT:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_LAUNCH_FAILED:
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_TENSOR_MEMORY_LEAK:
    case CUDA_ERROR_CONTEXT_IS_DESTROYED:
    case CUDA_ERROR_UNKNOWN:
      return gpu::Failure::Kind::fault;
    default:
      return gpu::Failure::Kind::refused;
  }
}

}  // namespace

void check(CUresult result, std::string_view doing) {
  if (result != CUDA_SUCCESS) {
    throw gpu::Failure{kind_of(result), fmt::format("{}: {}", doing, describe(result))};
  }
}

int count_devices() {
  const CUresult result = driver().cuInit(0);
  if (result == CUDA_ERROR_NO_DEVICE) return 0;
  if (result != CUDA_SUCCESS) {
    throw Error(
        fmt::format("the NVIDIA driver does not start: {}; is a GPU present, and does the "
                    "kernel module match the driver library?",
                    describe(result)));
  }
  int count = 0;
  driver().cuDeviceGetCount(&count);
  return count;
}

namespace {

int attribute(CUdevice device, CUdevice_attribute which) {
  int value = 0;
  check(driver().cuDeviceGetAttribute(&value, which, device), "reading a device attribute");
  return value;
}

std::string uuid_text(const CUuuid& uuid) {
  std::string text = "GPU";
  for (int i = 0; i < 16; ++i) {
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", static_cast<unsigned char>(uuid.bytes[i]));
  }
  return text;
}

}  // namespace

DeviceInfo describe_device(int ordinal) {
  const int count = count_devices();
  if (ordinal < 0 || ordinal >= count) {
    if (count == 0) {
      throw Error("the NVIDIA driver finds no GPU: use --device cpu or --device replay:FILE");
    }
    const std::string range = count == 1 ? "alone" : fmt::format("to cuda:{}", count - 1);
    throw Error(
        fmt::format("there is no device cuda:{}: this machine has cuda:0 {}", ordinal, range));
  }
  CUdevice device = 0;
  check(driver().cuDeviceGet(&device, ordinal), "opening the device");
  char name[256] = "";
  check(driver().cuDeviceGetName(name, sizeof name, device), "reading the device's name");
  CUuuid uuid{};
  check(driver().cuDeviceGetUuid(&uuid, device), "reading the device's UUID");
  std::size_t memory = 0;
  check(driver().cuDeviceTotalMem(&memory, device), "reading the device's memory");
  const auto read = [&](CUdevice_attribute which) { return attribute(device, which); };

  DeviceInfo info;
  info.kind = DeviceKind::cuda;
  info.model = name;
  info.uuid = uuid_text(uuid);
  info.cc = 10 * read(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) +
            read(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  info.sms = read(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  info.smem_optin = read(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
  info.smem_per_sm = read(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR);
  info.regs_per_sm = read(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR);
  info.threads_per_sm = read(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR);
  info.blocks_per_sm = read(CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR);
  info.max_threads = read(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
  info.l2_bytes = read(CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
  info.memory_bytes = static_cast<std::int64_t>(memory);
  info.sm_clock_mhz = read(CU_DEVICE_ATTRIBUTE_CLOCK_RATE) / 1000.0;
  info.driver = driver_version();
  add_datasheet(info);
  return info;
}

Context::Context(int ordinal) : info_(describe_device(ordinal)) {
  CUdevice device = 0;
  check(driver().cuDeviceGet(&device, ordinal), "opening the device");
  CUcontext context = nullptr;
  check(driver().cuDevicePrimaryCtxRetain(&context, device), "creating a context");
  check(driver().cuCtxSetCurrent(context), "entering the context");
  check(driver().cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING), "creating a stream");
}

void Context::synchronise() const { check(driver().cuStreamSynchronize(stream_), "while it ran"); }

}  // namespace tw::cuda
