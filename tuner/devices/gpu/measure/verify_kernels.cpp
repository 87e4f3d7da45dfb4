#include "devices/gpu/measure/verify_kernels.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>

#include "core/base/error.h"

namespace tw::cuda {
namespace {

constexpr int threads = 256, most_axes = 8, most_blocks = 1024;

// The device's structs, member by member.
struct Axes {
  long long rank = 0;
  std::array<long long, most_axes> extent{}, stride{};
};
struct Found {
  double worst = 0, used = 0;
  long long worst_at = 0, wrong = 0, unwritten = 0, touched = 0;
};

Axes axes_of(const TensorLayout& layout) {
  const std::size_t rank = layout.shape.size();
  if (rank > most_axes) throw Error("a tensor of more than 8 axes cannot be verified");
  std::array<std::size_t, most_axes> order{};
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(rank),
                   [&](auto a, auto b) { return layout.strides[a] > layout.strides[b]; });
  Axes axes;
  for (std::size_t i = 0; i < rank; ++i) {
    if (layout.shape[order[i]] == 1) continue;  // the stride of such an axis has no meaning
    axes.extent[static_cast<std::size_t>(axes.rank)] = layout.shape[order[i]];
    axes.stride[static_cast<std::size_t>(axes.rank++)] = layout.strides[order[i]];
  }
  return axes;
}

}  // namespace

VerifyKernels::VerifyKernels(const Context& context, const Module& module, std::int64_t guard_bytes)
    : context_(context), guard_bytes_(guard_bytes) {
  check(driver().cuModuleLoadData(&module_, module.cubin.data()), "loading the verification");
  fill_ = function("tw_fill");
  expect_ = function("tw_expect");
  expect_magnitude_ = function("tw_expect_magnitude");
  write_guards_ = function("tw_guard_write");
  check_guards_ = function("tw_guard_check");
  hash_ = function("tw_hash");
  compare_ = function("tw_compare");
  zero_ = function("tw_zero");
  flush_write_ = function("tw_flush_write");
  flush_read_ = function("tw_flush_read");
  mark_ = function("tw_mark");
  scratch_ = DeviceMemory(most_blocks * static_cast<std::int64_t>(sizeof(Found)));
  // Twice L2 is written and twice L2 is read, so that earlier data is evicted whatever the
  // replacement policy is.
  const std::int64_t l2 = std::max<std::int64_t>(context.info().l2_bytes, std::int64_t{16} << 20);
  flush_ = DeviceMemory(4 * (l2 / 16 * 16));
}

CUfunction VerifyKernels::function(const char* name) const {
  CUfunction found = nullptr;
  check(driver().cuModuleGetFunction(&found, module_, name), name);
  return found;
}

int VerifyKernels::blocks_for(std::int64_t items) const {
  const std::int64_t wanted = (items + threads - 1) / threads;
  return static_cast<int>(std::clamp<std::int64_t>(wanted, 1, most_blocks));
}

void VerifyKernels::launch(CUfunction function, int blocks, std::vector<void*> arguments) const {
  CUlaunchConfig config{};
  config.gridDimX = static_cast<unsigned>(blocks);
  config.gridDimY = config.gridDimZ = config.blockDimY = config.blockDimZ = 1;
  config.blockDimX = threads;
  config.hStream = context_.stream();
  check(driver().cuLaunchKernelEx(&config, function, arguments.data(), nullptr),
        "launching the verification");
}

void VerifyKernels::fill(CUdeviceptr data, const PlanTensor& tensor, std::uint64_t stream,
                         bool second) const {
  std::int64_t elements = tensor.layout.elements;
  int storage = static_cast<int>(tensor.dtype);
  verify::Fill fill = fill_of(tensor, second);
  launch(fill_, blocks_for(elements), {&data, &elements, &storage, &stream, &fill});
}

void VerifyKernels::poison(CUdeviceptr data, std::int64_t bytes, std::uint16_t word) const {
  check(
      driver().cuMemsetD16Async(data, word, static_cast<std::size_t>(bytes / 2), context_.stream()),
      "poisoning an output");
  if (bytes % 2 == 0) return;
  check(driver().cuMemsetD8Async(data + static_cast<CUdeviceptr>(bytes - 1),
                                 static_cast<unsigned char>(word), 1, context_.stream()),
        "poisoning an output");
}

std::int64_t VerifyKernels::expect(CUdeviceptr x, const PlanTensor& tensor, std::uint16_t poison,
                                   CUdeviceptr before, CUdeviceptr expected,
                                   CUdeviceptr magnitude) const {
  std::int64_t elements = tensor.layout.elements;
  int storage = static_cast<int>(tensor.dtype), restored = tensor.is_restored() ? 1 : 0;
  Axes axes = axes_of(tensor.layout);
  CUdeviceptr found = scratch_.address();
  check(driver().cuMemsetD8Async(found, 0, 16, context_.stream()), "clearing a counter");
  launch(expect_, blocks_for(elements),
         {&x, &elements, &storage, &poison, &restored, &axes, &before, &expected, &found});
  launch(expect_magnitude_, blocks_for(elements), {&found, &elements, &magnitude});
  context_.synchronise();
  std::int64_t counts[2] = {0, 0};
  check(driver().cuMemcpyDtoH(counts, found, sizeof counts), "reading a counter");
  return counts[1];
}

void VerifyKernels::write_guards(CUdeviceptr base, std::int64_t begin, std::int64_t end,
                                 std::int64_t bytes) const {
  launch(write_guards_, blocks_for(bytes - (end - begin)), {&base, &begin, &end, &bytes});
}

std::pair<std::int64_t, std::int64_t> VerifyKernels::check_guards(CUdeviceptr base,
                                                                  std::int64_t begin,
                                                                  std::int64_t end,
                                                                  std::int64_t bytes) const {
  CUdeviceptr found = scratch_.address();
  check(driver().cuMemsetD8Async(found, 0, 16, context_.stream()), "clearing a counter");
  launch(check_guards_, blocks_for(bytes - (end - begin)), {&base, &begin, &end, &bytes, &found});
  context_.synchronise();
  std::int64_t counts[2] = {0, 0};
  check(driver().cuMemcpyDtoH(counts, found, sizeof counts), "reading a counter");
  return {counts[0], counts[1]};
}

std::uint64_t VerifyKernels::hash(CUdeviceptr data, std::int64_t bytes) const {
  CUdeviceptr sum = scratch_.address();
  std::int64_t words = bytes / 8;
  check(driver().cuMemsetD8Async(sum, 0, 8, context_.stream()), "clearing a counter");
  launch(hash_, blocks_for(words), {&data, &words, &sum});
  context_.synchronise();
  std::uint64_t value = 0;
  check(driver().cuMemcpyDtoH(&value, sum, sizeof value), "reading a counter");
  return value;
}

Comparison VerifyKernels::compare(CUdeviceptr x, CUdeviceptr expected, CUdeviceptr magnitude,
                                  CUdeviceptr before, const TensorLayout& layout,
                                  const verify::Rule& rule, std::uint16_t poison) const {
  std::int64_t elements = layout.elements;
  Axes axes = axes_of(layout);
  verify::Rule its = rule;
  CUdeviceptr found = scratch_.address();
  const int blocks = blocks_for(elements);
  launch(compare_, blocks,
         {&x, &expected, &magnitude, &before, &elements, &axes, &its, &poison, &found});
  context_.synchronise();
  std::vector<Found> all(static_cast<std::size_t>(blocks));
  check(driver().cuMemcpyDtoH(all.data(), found, all.size() * sizeof(Found)),
        "reading the comparison");
  Comparison result;
  result.worst_ulps = -1;
  for (const Found& one : all) {
    const bool is_worse =
        (one.wrong > 0) != (result.wrong > 0) ? one.wrong > 0 : one.worst > result.worst_ulps;
    if (is_worse) {
      result.worst_ulps = one.worst;
      result.worst_at = one.worst_at;
    }
    result.used = std::max(result.used, one.used);
    result.wrong += one.wrong;
    result.unwritten += one.unwritten;
    result.touched += one.touched;
  }
  result.worst_ulps = std::max(result.worst_ulps, 0.0);
  return result;
}

void VerifyKernels::zero(CUdeviceptr data, std::int64_t bytes) const {
  std::int64_t words = bytes / 16;
  launch(zero_, blocks_for(words), {&data, &words});
}

void VerifyKernels::flush_l2() const {
  std::int64_t words = flush_.bytes() / 2 / 16;
  CUdeviceptr written = flush_.address();
  CUdeviceptr read = written + static_cast<CUdeviceptr>(flush_.bytes() / 2);
  CUdeviceptr sink = scratch_.address();
  unsigned value = 0x5a5a5a5a;
  launch(flush_write_, blocks_for(words), {&written, &words, &value});
  launch(flush_read_, blocks_for(words), {&read, &words, &sink});
}

void VerifyKernels::mark() const { launch(mark_, 1, {}); }

}  // namespace tw::cuda
