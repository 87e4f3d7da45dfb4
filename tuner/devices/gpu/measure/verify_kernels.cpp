#include "devices/gpu/measure/verify_kernels.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>

#include "core/base/error.h"

namespace tw::gpu {
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

VerifyKernels::VerifyKernels(Runtime& runtime, const Module& module, std::int64_t guard_bytes)
    : runtime_(runtime),
      guard_bytes_(guard_bytes),
      code_(runtime.load(module.cubin, "loading the verification")) {
  fill_ = find("tw_fill");
  expect_ = find("tw_expect");
  expect_magnitude_ = find("tw_expect_magnitude");
  write_guards_ = find("tw_guard_write");
  check_guards_ = find("tw_guard_check");
  hash_ = find("tw_hash");
  compare_ = find("tw_compare");
  zero_ = find("tw_zero");
  flush_write_ = find("tw_flush_write");
  flush_read_ = find("tw_flush_read");
  mark_ = find("tw_mark");
  scratch_ = DeviceMemory(runtime, most_blocks * static_cast<std::int64_t>(sizeof(Found)));
  // Twice L2 is written and twice L2 is read, so that earlier data is evicted whatever the
  // replacement policy is.
  const std::int64_t l2 = std::max<std::int64_t>(runtime.info().l2_bytes, std::int64_t{16} << 20);
  flush_ = DeviceMemory(runtime, 4 * (l2 / 16 * 16));
}

Kernel VerifyKernels::find(const char* name) const { return runtime_.find(code_, name, name); }

int VerifyKernels::blocks_for(std::int64_t items) const {
  const std::int64_t wanted = (items + threads - 1) / threads;
  return static_cast<int>(std::clamp<std::int64_t>(wanted, 1, most_blocks));
}

void VerifyKernels::launch(Kernel kernel, int blocks, std::vector<void*> arguments) const {
  LaunchShape shape;
  shape.grid[0] = static_cast<unsigned>(blocks);
  shape.block[0] = threads;
  runtime_.launch(kernel, shape, arguments.data(), "launching the verification");
}

void VerifyKernels::fill(Address data, const PlanTensor& tensor, std::uint64_t stream,
                         bool second) const {
  std::int64_t elements = tensor.layout.elements;
  int storage = static_cast<int>(tensor.dtype);
  verify::Fill fill = fill_of(tensor, second);
  launch(fill_, blocks_for(elements), {&data, &elements, &storage, &stream, &fill});
}

void VerifyKernels::poison(Address data, std::int64_t bytes, std::uint16_t word) const {
  constexpr const char* doing = "poisoning an output";
  runtime_.fill_words(data, word, static_cast<std::size_t>(bytes / 2), doing);
  if (bytes % 2 == 0) return;
  runtime_.fill_bytes(data + static_cast<Address>(bytes - 1), static_cast<std::uint8_t>(word), 1,
                      doing);
}

std::int64_t VerifyKernels::expect(Address x, const PlanTensor& tensor, std::uint16_t poison,
                                   Address before, Address expected, Address magnitude) const {
  std::int64_t elements = tensor.layout.elements;
  int storage = static_cast<int>(tensor.dtype), restored = tensor.is_restored() ? 1 : 0;
  Axes axes = axes_of(tensor.layout);
  Address found = scratch_.address();
  runtime_.fill_bytes(found, 0, 16, "clearing a counter");
  launch(expect_, blocks_for(elements),
         {&x, &elements, &storage, &poison, &restored, &axes, &before, &expected, &found});
  launch(expect_magnitude_, blocks_for(elements), {&found, &elements, &magnitude});
  runtime_.synchronise();
  std::int64_t counts[2] = {0, 0};
  runtime_.copy_to_host(counts, found, sizeof counts, "reading a counter");
  return counts[1];
}

void VerifyKernels::write_guards(Address base, std::int64_t begin, std::int64_t end,
                                 std::int64_t bytes) const {
  launch(write_guards_, blocks_for(bytes - (end - begin)), {&base, &begin, &end, &bytes});
}

std::pair<std::int64_t, std::int64_t> VerifyKernels::check_guards(Address base, std::int64_t begin,
                                                                  std::int64_t end,
                                                                  std::int64_t bytes) const {
  Address found = scratch_.address();
  runtime_.fill_bytes(found, 0, 16, "clearing a counter");
  launch(check_guards_, blocks_for(bytes - (end - begin)), {&base, &begin, &end, &bytes, &found});
  runtime_.synchronise();
  std::int64_t counts[2] = {0, 0};
  runtime_.copy_to_host(counts, found, sizeof counts, "reading a counter");
  return {counts[0], counts[1]};
}

std::uint64_t VerifyKernels::hash(Address data, std::int64_t bytes) const {
  Address sum = scratch_.address();
  std::int64_t words = bytes / 8;
  runtime_.fill_bytes(sum, 0, 8, "clearing a counter");
  launch(hash_, blocks_for(words), {&data, &words, &sum});
  runtime_.synchronise();
  std::uint64_t value = 0;
  runtime_.copy_to_host(&value, sum, sizeof value, "reading a counter");
  return value;
}

Comparison VerifyKernels::compare(Address x, Address expected, Address magnitude, Address before,
                                  const TensorLayout& layout, const verify::Rule& rule,
                                  std::uint16_t poison) const {
  std::int64_t elements = layout.elements;
  Axes axes = axes_of(layout);
  verify::Rule its = rule;
  Address found = scratch_.address();
  const int blocks = blocks_for(elements);
  launch(compare_, blocks,
         {&x, &expected, &magnitude, &before, &elements, &axes, &its, &poison, &found});
  runtime_.synchronise();
  std::vector<Found> all(static_cast<std::size_t>(blocks));
  runtime_.copy_to_host(all.data(), found, all.size() * sizeof(Found), "reading the comparison");
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

void VerifyKernels::zero(Address data, std::int64_t bytes) const {
  std::int64_t words = bytes / 16;
  launch(zero_, blocks_for(words), {&data, &words});
}

void VerifyKernels::flush_l2() const {
  std::int64_t words = flush_.bytes() / 2 / 16;
  Address written = flush_.address();
  Address read = written + static_cast<Address>(flush_.bytes() / 2);
  Address sink = scratch_.address();
  unsigned value = 0x5a5a5a5a;
  launch(flush_write_, blocks_for(words), {&written, &words, &value});
  launch(flush_read_, blocks_for(words), {&read, &words, &sink});
}

void VerifyKernels::mark() const { launch(mark_, 1, {}); }

}  // namespace tw::gpu
