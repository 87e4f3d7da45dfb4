// CUPTI delivers records of every kernel that ran, in buffers, from its own thread. The kernels
// that the worker itself launches are recognised by their names. A sample is everything that
// follows a mark.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string_view>

#include "core/base/error.h"
#include "devices/cuda/runtime/timers.h"

namespace tw::cuda {
namespace {

enum class KernelKind { mark, ours, measured };
struct Record {
  std::uint64_t start_ns = 0, end_ns = 0;
  KernelKind kernel{};
};

// CUPTI's callbacks pass no context of the caller, so the data that they fill is global.
struct Records {
  std::mutex mutex;
  std::vector<Record> list;
};
Records& records() {
  static Records instance;
  return instance;
}

KernelKind classify(std::string_view name) {
  if (name == "tw_mark") return KernelKind::mark;
  for (const char* own : {"tw_flush_write", "tw_flush_read", "tw_fill", "tw_compare", "tw_hash",
                          "tw_guard_write", "tw_guard_check"}) {
    if (name == own) return KernelKind::ours;
  }
  return KernelKind::measured;  // this includes tw_zero: clearing a workspace is part of the time
}

constexpr std::size_t buffer_bytes = std::size_t{1} << 20, buffer_alignment = 64;

void CUPTIAPI request_buffer(std::uint8_t** buffer, std::size_t* size, std::size_t* max_records) {
  *buffer = static_cast<std::uint8_t*>(std::aligned_alloc(buffer_alignment, buffer_bytes));
  *size = *buffer ? buffer_bytes : 0;
  *max_records = 0;
}

void CUPTIAPI complete_buffer(CUcontext, std::uint32_t, std::uint8_t* buffer, std::size_t,
                              std::size_t valid) {
  CUpti_Activity* record = nullptr;
  const std::lock_guard lock(records().mutex);
  while (valid > 0 && cupti().cuptiActivityGetNextRecord(buffer, valid, &record) == CUPTI_SUCCESS) {
    if (record->kind != CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) continue;
    // The fields up to `name` are at the same offsets in every version of this record in CUPTI 12
    // and 13; newer versions only append fields.
    const auto* kernel = reinterpret_cast<const CUpti_ActivityKernel10*>(record);
    records().list.push_back({kernel->start, kernel->end, classify(kernel->name)});
  }
  std::free(buffer);
}

void require(CUptiResult result, const char* doing) {
  if (result == CUPTI_SUCCESS) return;
  const char* text = nullptr;
  cupti().cuptiGetResultString(result, &text);
  throw Error(fmt::format("CUPTI refuses {}: {}", doing, text ? text : "unknown error"));
}

}  // namespace

CuptiTimer::CuptiTimer() {
  require(cupti().cuptiActivityRegisterCallbacks(request_buffer, complete_buffer), "to record");
  require(cupti().cuptiActivityEnable(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL), "to record kernels");
}

CuptiTimer::~CuptiTimer() { cupti().cuptiActivityDisable(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL); }

void CuptiTimer::begin() {
  mark_();
  ++begun_;
}

std::vector<double> CuptiTimer::collect_ns() {
  std::vector<double> samples(begun_, 0.0);
  begun_ = 0;
  cupti().cuptiActivityFlushAll(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
  std::vector<Record> list;
  {
    const std::lock_guard lock(records().mutex);
    list.swap(records().list);
  }
  std::sort(list.begin(), list.end(),
            [](const Record& a, const Record& b) { return a.start_ns < b.start_ns; });
  std::size_t sample = 0;  // one more than the index of the current sample
  std::uint64_t first = 0;
  bool inside = false;
  const auto marks = static_cast<std::size_t>(std::count_if(
      list.begin(), list.end(), [](const Record& r) { return r.kernel == KernelKind::mark; }));
  if (marks != samples.size()) return samples;  // records were dropped, so none can be trusted
  for (const Record& record : list) {
    if (record.kernel == KernelKind::mark) {
      ++sample;
      first = 0;
    }
    inside = record.kernel != KernelKind::ours && (inside || record.kernel == KernelKind::mark);
    if (!inside || record.kernel != KernelKind::measured) continue;
    if (first == 0) first = record.start_ns;
    samples[sample - 1] = static_cast<double>(record.end_ns - first);
  }
  return samples;
}

}  // namespace tw::cuda
