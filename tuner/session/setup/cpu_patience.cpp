#include "session/setup/cpu_patience.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/base/error.h"
#include "core/base/statistics.h"
#include "core/model/emulated_work.h"
#include "ui/format.h"

namespace tw {
namespace {

constexpr std::size_t sampled = 64;  // configurations of a space
// a rare configuration may take so many times the patience
constexpr double longest_per_patience = 6;

void add_estimates(const OpSpec& op, const KernelSpec& kernel, const SearchSpace& space,
                   const Problem& problem, const DeviceInfo& device, std::vector<double>& seconds) {
  const std::size_t count = std::min(space.size(), sampled);
  for (std::size_t i = 0; i < count; ++i) {
    const Configuration configuration = space[i * space.size() / count];
    seconds.push_back(emulated_calls *
                      emulated_seconds(emulated_work(op, kernel, problem, device, configuration)));
  }
}

CpuEstimate estimate_of(std::vector<double> seconds) {
  if (seconds.empty()) return {};
  const double longest = *std::max_element(seconds.begin(), seconds.end());
  return {.typical_s = median(std::move(seconds)), .longest_s = longest};
}

// Returns a shape that the cpu device can emulate in time; empty if none is found. It repeatedly
// halves the longest of the dims that the user must give, until the op refuses the shape.
std::string smaller_shape(const OpEntry& entry, std::span<const KernelSpec* const> kernels,
                          const Problem& problem, const DeviceInfo& device, double patience_s) {
  const OpSpec& op = entry.op;
  Problem smaller = problem;
  std::string text;
  while (cpu_estimate(entry, kernels, smaller, device).exceeds(patience_s)) {
    std::size_t longest = op.dims.size();
    for (std::size_t i = 0; i < op.dims.size(); ++i) {
      if (op.dims[i].fallback) continue;
      if (longest == op.dims.size() || smaller.dims[i] > smaller.dims[longest]) longest = i;
    }
    if (longest == op.dims.size() || smaller.dims[longest] == 1) return "";
    smaller.dims[longest] /= 2;
    text.clear();
    ShapeValues values = shape_values(op, smaller);
    for (std::size_t i = 0; i < op.dims.size(); ++i) {
      values.dims[i].reset();
      if (op.dims[i].fallback) continue;
      values.dims[i] = smaller.dims[i];
      text += fmt::format("{}{}={}", text.empty() ? "" : ",", op.dims[i].name, smaller.dims[i]);
    }
    if (set_shape(op, values, smaller)) return "";
  }
  return text;
}

// Returns "line 3" or "lines 1 to 4 and 7".
std::string lines_text(const std::vector<int>& lines) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < lines.size();) {
    std::size_t last = i;
    while (last + 1 < lines.size() && lines[last + 1] == lines[last] + 1) ++last;
    parts.push_back(last == i ? fmt::format("{}", lines[i])
                              : fmt::format("{} to {}", lines[i], lines[last]));
    i = last + 1;
  }
  std::string text = lines.size() == 1 ? "line " : "lines ";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  }
  return text;
}

// The lines of a list, by what would answer them.
struct Answers {
  std::vector<int> too_long, not_held, emulated;
  double least_s = 0, most_s = 0;                // for one configuration of `too_long`
  std::map<std::string, std::vector<int>> held;  // by recording

  void add_too_long(int line, double seconds) {
    least_s = too_long.empty() ? seconds : std::min(least_s, seconds);
    most_s = std::max(most_s, seconds);
    too_long.push_back(line);
  }
};

std::string refusal(const std::string& path, const Answers& answers) {
  std::vector<int> bad = answers.too_long;
  bad.insert(bad.end(), answers.not_held.begin(), answers.not_held.end());
  std::sort(bad.begin(), bad.end());
  std::string text = fmt::format("{}: nothing was started: ", path);
  if (!answers.too_long.empty()) {
    const std::string least = format_duration(answers.least_s);
    const std::string most = format_duration(answers.most_s);
    text += fmt::format(
        "{} would take the cpu device, an emulation for checking correctness, about {} a "
        "configuration",
        lines_text(answers.too_long), least == most ? least : least + " to " + most);
  }
  if (!answers.not_held.empty()) {
    text += fmt::format("{} {} not in the recording", lines_text(answers.not_held),
                        answers.not_held.size() == 1 ? "is" : "are");
  }
  for (const auto& [recording, lines] : answers.held) {
    text += fmt::format("; {} holds {}", std::filesystem::path(recording).filename().string(),
                        lines_text(lines));
  }
  if (!answers.emulated.empty()) {
    text += fmt::format("; {} can be emulated", lines_text(answers.emulated));
  }
  return text + fmt::format(
                    ": remove {} from the list, or tune {} on a machine with a GPU; --device "
                    "replay:FILE replays here what `tune record` writes there",
                    lines_text(bad), bad.size() == 1 ? "it" : "them");
}

}  // namespace

bool CpuEstimate::exceeds(double patience_s) const {
  return typical_s > patience_s || longest_s > longest_per_patience * patience_s;
}

CpuEstimate cpu_estimate(const OpSpec& op, std::span<const Competitor> competitors,
                         const Problem& problem, const DeviceInfo& device) {
  std::vector<double> seconds;
  for (const Competitor& one : competitors) {
    if (one.kernel) add_estimates(op, *one.kernel, one.space, problem, device, seconds);
  }
  return estimate_of(std::move(seconds));
}

CpuEstimate cpu_estimate(const OpEntry& entry, std::span<const KernelSpec* const> kernels,
                         const Problem& problem, const DeviceInfo& device) {
  std::vector<double> seconds;
  for (const KernelSpec* kernel : kernels) {
    const auto found =
        SearchSpace::try_enumerate(*kernel, slots_of(entry.op, kernel->names, problem, device));
    const auto* space = std::get_if<SearchSpace>(&found);
    if (!space) continue;  // the kernel does not serve this problem
    add_estimates(entry.op, *kernel, *space, problem, device, seconds);
  }
  return estimate_of(std::move(seconds));
}

void check_cpu_patience(const OpEntry& entry, std::span<const KernelSpec* const> kernels,
                        const Problem& problem, const DeviceInfo& device,
                        const CpuEstimate& estimate, double patience_s) {
  if (!estimate.exceeds(patience_s)) return;
  const std::string smaller = smaller_shape(entry, kernels, problem, device, patience_s);
  const bool is_typical = estimate.typical_s > patience_s;
  throw Error(fmt::format(
      "{} would take the cpu device, an emulation for checking correctness, {} {} a "
      "configuration: use a GPU, a recording of it (--device replay:FILE), or a smaller shape{}",
      problem.key(entry.op), is_typical ? "about" : "up to",
      format_duration(is_typical ? estimate.typical_s : estimate.longest_s),
      smaller.empty() ? "" : fmt::format(", for example --shape {}", smaller)));
}

void check_list(const std::string& path, std::span<const Asked> asked, DeviceChooser& chooser,
                const std::string& kernel, double patience_s) {
  Answers answers;
  for (const Asked& one : asked) {
    const OpEntry& entry = *one.entry;
    const DevicePlace place = chooser.place(entry.op.name, one.problem.key(entry.op), kernel);
    for (const std::string& recording : place.recordings) {
      answers.held[recording].push_back(one.line);
    }
    if (place.kind == DevicePlace::Kind::nowhere) answers.not_held.push_back(one.line);
    if (place.kind != DevicePlace::Kind::cpu) continue;
    const CpuEstimate estimate = cpu_estimate(entry, asked_kernels(kernel, entry), one.problem,
                                              emulated_device(place.emulated_cc));
    if (estimate.exceeds(patience_s)) {
      answers.add_too_long(one.line,
                           std::max(estimate.typical_s, estimate.longest_s / longest_per_patience));
    } else {
      answers.emulated.push_back(one.line);
    }
  }
  if (answers.too_long.empty() && answers.not_held.empty()) return;
  throw Error(refusal(path, answers));
}

}  // namespace tw
