#include "report/work.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "ui/format.h"

namespace tw {

DeviceInfo stored_device(const Situation& situation, const StoredRun* run) {
  DeviceInfo device = device_of(run == nullptr ? RunInfo{} : run->info, situation);
  if (device.kind != DeviceKind::cpu) add_datasheet(device);
  return device;
}

Work work_of(const Catalog& catalog, const Situation& situation, const StoredRun* run) {
  Work work;
  const OpEntry* entry = catalog.find(situation.op);
  if (entry == nullptr) {
    work.unknown = fmt::format("this build has no op '{}' that states its work", situation.op);
    return work;
  }
  try {
    const Problem problem = problem_from_key(entry->op, situation.problem);
    const DeviceInfo device = stored_device(situation, run);
    work.flops = flops_of(entry->op, problem, device);
    work.bytes = bytes_of(entry->op, problem, device);
    if (situation.source != Source::cpu) work.roof_ns = roofline_ns(entry->op, problem, device);
    work.problem = problem;
  } catch (const Error&) {  // an op of the user with a built-in op's name
    return {.problem = {}, .unknown = "the op of this build does not know this problem"};
  }
  if (work.roof_ns <= 0) work.unknown = "the peaks of this device are not known";
  if (situation.source == Source::cpu) work.unknown = "times of the cpu device have no roofline";
  return work;
}

std::string rate_text(const Work& work, double time_ns) {
  const bool computes = work.flops >= work.bytes;
  const double amount = computes ? work.flops : work.bytes;
  if (amount <= 0 || time_ns <= 0) return "";
  return format_rate(amount / (time_ns * 1e-9), computes ? "FLOP/s" : "B/s");
}

}  // namespace tw
