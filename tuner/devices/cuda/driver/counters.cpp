#include "devices/cuda/driver/counters.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace tw::cuda {
namespace {

struct Metric {
  const char* name;    // the key in a row's metrics; docs/measuring.md lists them
  const char* metric;  // the name in CUPTI and Nsight Compute
};

// Percentages of a peak refer to the whole time: a pipe that is busy half of the time at full rate
// has 50.
#define TW_OF_PEAK ".avg.pct_of_peak_sustained_elapsed"
constexpr const char* counted_time = "counted_ns";
constexpr Metric metric_rows[] = {
    {counted_time, "gpu__time_duration.sum"},
    {"instructions", "smsp__inst_executed.sum"},
    {"sm_active_percent", "sm__cycles_active" TW_OF_PEAK},
    {"occupancy_percent", "sm__warps_active.avg.pct_of_peak_sustained_active"},
    {"issue_percent", "smsp__issue_active" TW_OF_PEAK},
    {"dram_read_bytes", "dram__bytes_read.sum"},
    {"dram_write_bytes", "dram__bytes_write.sum"},
    {"dram_percent", "dram__throughput" TW_OF_PEAK},
    {"l2_bytes", "lts__t_bytes.sum"},
    {"l2_percent", "lts__t_sectors" TW_OF_PEAK},
    {"l2_hit_percent", "lts__t_sector_hit_rate.pct"},
    {"shared_wavefronts", "l1tex__data_pipe_lsu_wavefronts_mem_shared.sum"},
    {"bank_conflicts", "l1tex__data_bank_conflicts_pipe_lsu_mem_shared.sum"},
    {"l1_percent", "l1tex__data_pipe_lsu_wavefronts" TW_OF_PEAK},
    {"tensor_percent", "sm__pipe_tensor_cycles_active" TW_OF_PEAK},
    {"fma_percent", "sm__pipe_fma_cycles_active" TW_OF_PEAK},
    {"alu_percent", "sm__inst_executed_pipe_alu" TW_OF_PEAK},
    {"xu_percent", "sm__inst_executed_pipe_xu" TW_OF_PEAK},
    {"fp64_percent", "sm__pipe_fp64_cycles_active" TW_OF_PEAK},
    {"lsu_percent", "sm__inst_executed_pipe_lsu" TW_OF_PEAK},
};

// Reasons why resident warps wait when an instruction issues.
constexpr const char* stalls[] = {
    "barrier",      "gmma",           "lg_throttle",  "long_scoreboard",  "math_pipe_throttle",
    "mio_throttle", "no_instruction", "not_selected", "short_scoreboard", "wait"};
constexpr std::size_t most_kernels = 32;  // kernels of a launch
constexpr const char* resident = "smsp__average_warps_active_per_issue_active.ratio";

bool is_percentage(std::string_view name) { return name.ends_with("_percent"); }

// Pairs of our name and CUPTI's metric. `resident` has no name of ours: the stalls are fractions of
// it.
std::vector<std::pair<std::string, std::string>> wanted() {
  std::vector<std::pair<std::string, std::string>> all;
  for (const Metric& one : metric_rows) all.emplace_back(one.name, one.metric);
  all.emplace_back("", resident);
  for (const char* reason : stalls) {
    all.emplace_back(
        fmt::format("stall_{}_percent", reason),
        fmt::format("smsp__average_warps_issue_stalled_{}_per_issue_active.ratio", reason));
  }
  return all;
}

const std::vector<std::pair<std::string, std::string>>& all_metrics() {
  static const auto all = wanted();
  return all;
}

std::string refusal(CUptiResult result, const char* doing) {
  const char* text = nullptr;
  cupti().cuptiGetResultString(result, &text);
  const bool is_forbidden = result == CUPTI_ERROR_INSUFFICIENT_PRIVILEGES;
  return fmt::format("CUPTI refuses {}: {}{}", doing, text ? text : "unknown error",
                     is_forbidden ? "; run as root, or load the driver with "
                                    "NVreg_RestrictProfilingToAdminUsers=0"
                                  : "");
}

void require(CUptiResult result, const char* doing) {
  if (result != CUPTI_SUCCESS) throw Error(refusal(result, doing));
}

// Returns one of CUPTI's parameter structures, which begin with their own size.
template <class Parameters>
Parameters sized(std::size_t size) {
  Parameters parameters{};
  parameters.structSize = size;
  return parameters;
}
#define TW_SIZED(type) sized<type>(type##_STRUCT_SIZE)

std::vector<std::uint8_t> available_counters(CUcontext context) {
  auto request = TW_SIZED(CUpti_Profiler_GetCounterAvailability_Params);
  request.ctx = context;
  require(profiler().cuptiProfilerGetCounterAvailability(&request), "to say what it can count");
  std::vector<std::uint8_t> image(request.counterAvailabilityImageSize);
  request.pCounterAvailabilityImage = image.data();
  require(profiler().cuptiProfilerGetCounterAvailability(&request), "to say what it can count");
  return image;
}

}  // namespace

RangeCounters::RangeCounters(int ordinal, const Context& context) : context_(context) {
  auto initialise = TW_SIZED(CUpti_Profiler_Initialize_Params);
  require(profiler().cuptiProfilerInitialize(&initialise), "to profile");
  auto chip = TW_SIZED(CUpti_Device_GetChipName_Params);
  chip.deviceIndex = static_cast<std::size_t>(ordinal);
  require(profiler().cuptiDeviceGetChipName(&chip), "to name the chip");
  CUcontext current = nullptr;
  check(driver().cuCtxGetCurrent(&current), "reading the context");
  std::vector<std::uint8_t> available = available_counters(current);
  auto open = TW_SIZED(CUpti_Profiler_Host_Initialize_Params);
  open.profilerType = CUPTI_PROFILER_TYPE_RANGE_PROFILER;
  open.pChipName = chip.pChipName;
  open.pCounterAvailabilityImage = available.data();
  require(profiler().cuptiProfilerHostInitialize(&open), "to know the chip's counters");
  host_ = open.pHostObject;
  auto enable = TW_SIZED(CUpti_RangeProfiler_Enable_Params);
  enable.ctx = current;
  require(profiler().cuptiRangeProfilerEnable(&enable), "counters");
  target_ = enable.pRangeProfilerObject;
  choose_metrics();
  configure();
}

RangeCounters::~RangeCounters() {
  if (target_) {
    auto disable = TW_SIZED(CUpti_RangeProfiler_Disable_Params);
    disable.pRangeProfilerObject = target_;
    profiler().cuptiRangeProfilerDisable(&disable);
  }
  if (host_) {
    auto close = TW_SIZED(CUpti_Profiler_Host_Deinitialize_Params);
    close.pHostObject = host_;
    profiler().cuptiProfilerHostDeinitialize(&close);
  }
}

// Selects the metrics that the chip has: adding one that it lacks would make the whole
// configuration invalid.
void RangeCounters::choose_metrics() {
  std::set<std::string, std::less<>> known;
  for (const CUpti_MetricType type :
       {CUPTI_METRIC_TYPE_COUNTER, CUPTI_METRIC_TYPE_RATIO, CUPTI_METRIC_TYPE_THROUGHPUT}) {
    auto list = TW_SIZED(CUpti_Profiler_Host_GetBaseMetrics_Params);
    list.pHostObject = host_;
    list.metricType = type;
    require(profiler().cuptiProfilerHostGetBaseMetrics(&list), "to list its counters");
    for (std::size_t i = 0; i < list.numMetrics; ++i) known.emplace(list.ppMetricNames[i]);
  }
  for (const auto& [name, metric] : all_metrics()) {
    if (!known.contains(std::string_view(metric).substr(0, metric.find('.')))) continue;
    names_.push_back(name);
    metrics_.push_back(metric.c_str());
  }
}

void RangeCounters::configure() {
  auto add = TW_SIZED(CUpti_Profiler_Host_ConfigAddMetrics_Params);
  add.pHostObject = host_;
  add.ppMetricNames = metrics_.data();
  add.numMetrics = metrics_.size();
  require(profiler().cuptiProfilerHostConfigAddMetrics(&add), "these counters");
  auto size = TW_SIZED(CUpti_Profiler_Host_GetConfigImageSize_Params);
  size.pHostObject = host_;
  require(profiler().cuptiProfilerHostGetConfigImageSize(&size), "to plan its passes");
  config_.resize(size.configImageSize);
  auto image = TW_SIZED(CUpti_Profiler_Host_GetConfigImage_Params);
  image.pHostObject = host_;
  image.configImageSize = config_.size();
  image.pConfigImage = config_.data();
  require(profiler().cuptiProfilerHostGetConfigImage(&image), "to plan its passes");
  auto data = TW_SIZED(CUpti_RangeProfiler_GetCounterDataSize_Params);
  data.pRangeProfilerObject = target_;
  data.pMetricNames = metrics_.data();
  data.numMetrics = metrics_.size();
  data.maxNumOfRanges = most_kernels;
  data.maxNumRangeTreeNodes = most_kernels;
  require(profiler().cuptiRangeProfilerGetCounterDataSize(&data), "room for its counts");
  data_.resize(data.counterDataSize);
}

std::map<std::string, double> RangeCounters::collect(const std::function<void()>& prepare,
                                                     const std::function<void()>& launch) {
  plan_passes();
  auto start = TW_SIZED(CUpti_RangeProfiler_Start_Params);
  auto stop = TW_SIZED(CUpti_RangeProfiler_Stop_Params);
  start.pRangeProfilerObject = stop.pRangeProfilerObject = target_;
  while (stop.isAllPassSubmitted == 0) {
    prepare();
    context_.synchronise();
    require(profiler().cuptiRangeProfilerStart(&start), "to begin a pass");
    launch();
    context_.synchronise();
    require(profiler().cuptiRangeProfilerStop(&stop), "to end a pass");
  }
  auto decode = TW_SIZED(CUpti_RangeProfiler_DecodeData_Params);
  decode.pRangeProfilerObject = target_;
  require(profiler().cuptiRangeProfilerDecodeData(&decode), "to read its counts");
  if (decode.numOfRangeDropped > 0) {
    throw Error(fmt::format("CUPTI counts at most {} kernels a launch", most_kernels));
  }
  return total();
}

// Plans the passes. Each kernel is one range of CUPTI, and the image has no counts yet.
void RangeCounters::plan_passes() {
  auto blank = TW_SIZED(CUpti_RangeProfiler_CounterDataImage_Initialize_Params);
  blank.pRangeProfilerObject = target_;
  blank.counterDataSize = data_.size();
  blank.pCounterData = data_.data();
  require(profiler().cuptiRangeProfilerCounterDataImageInitialize(&blank), "room for its counts");
  auto plan = TW_SIZED(CUpti_RangeProfiler_SetConfig_Params);
  plan.pRangeProfilerObject = target_;
  plan.configSize = config_.size();
  plan.pConfig = config_.data();
  plan.counterDataImageSize = data_.size();
  plan.pCounterDataImage = data_.data();
  plan.range = CUPTI_AutoRange;
  plan.replayMode = CUPTI_UserReplay;
  plan.maxRangesPerPass = most_kernels;
  plan.numNestingLevels = 1;
  plan.minNestingLevel = 1;
  plan.targetNestingLevel = 1;
  require(profiler().cuptiRangeProfilerSetConfig(&plan), "these counters");
}

// Returns the values of one kernel of the launch, by our names.
std::map<std::string, double> RangeCounters::evaluate(std::size_t kernel) const {
  std::vector<double> values(metrics_.size());
  std::vector<const char*> metrics = metrics_;
  auto request = TW_SIZED(CUpti_Profiler_Host_EvaluateToGpuValues_Params);
  request.pHostObject = host_;
  request.pCounterDataImage = data_.data();
  request.counterDataImageSize = data_.size();
  request.rangeIndex = kernel;
  request.ppMetricNames = metrics.data();
  request.numMetrics = metrics.size();
  request.pMetricValues = values.data();
  require(profiler().cuptiProfilerHostEvaluateToGpuValues(&request), "to evaluate its counts");
  double warps = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (names_[i].empty()) warps = values[i];
  }
  std::map<std::string, double> counts;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool is_stall = names_[i].starts_with("stall_");
    if (names_[i].empty() || !std::isfinite(values[i]) || (is_stall && warps <= 0)) continue;
    counts[names_[i]] = is_stall ? 100 * values[i] / warps : values[i];
  }
  return counts;
}

// Returns the values of the launch: amounts are sums over its kernels; percentages are means,
// weighted with the kernels' times.
std::map<std::string, double> RangeCounters::total() const {
  auto info = TW_SIZED(CUpti_RangeProfiler_GetCounterDataInfo_Params);
  info.pCounterDataImage = data_.data();
  info.counterDataImageSize = data_.size();
  require(profiler().cuptiRangeProfilerGetCounterDataInfo(&info), "to read its counts");
  std::map<std::string, double> sums;
  for (std::size_t kernel = 0; kernel < info.numTotalRanges; ++kernel) {
    const std::map<std::string, double> counts = evaluate(kernel);
    const auto time = counts.find(counted_time);
    const double weight = time == counts.end() ? 1 : time->second;
    for (const auto& [name, value] : counts) {
      sums[name] += is_percentage(name) ? weight * value : value;
    }
  }
  const auto time = sums.find(counted_time);
  const double weight =
      time == sums.end() ? static_cast<double>(info.numTotalRanges) : time->second;
  for (auto& [name, value] : sums) {
    if (is_percentage(name) && weight > 0) value /= weight;
  }
  return sums;
}

}  // namespace tw::cuda
