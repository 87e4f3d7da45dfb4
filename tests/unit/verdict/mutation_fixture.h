// The fixture of the mutation tests: it changes one place of a kernel's sources, and returns the
// cpu device's verdict on a configuration of the kernel.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/plan.h"
#include "core/space/space.h"
#include "devices/cpu/cpu.h"

namespace tw {

// A configuration of a kernel on a problem. `knobs` is for example "split_k=4 stages=2"; other
// knobs have their defaults, or values that are valid together with these.
struct Trial {
  std::string op, kernel, dtype, shape, epilogue, knobs;
  std::string math{};  // empty: the dtype's default
};

// Returns the first configuration with the wanted knobs; the default if it has them.
inline Configuration pick(const SearchSpace& space, const std::string& knobs) {
  std::vector<std::pair<std::size_t, std::int64_t>> wanted;
  std::istringstream words(knobs);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    for (std::size_t i = 0; i < space.knobs().size(); ++i) {
      const Knob& knob = space.knobs()[i];
      if (knob.name != word.substr(0, equals)) continue;
      for (const std::int64_t value : knob.values) {
        if (knob.text(value) == word.substr(equals + 1)) wanted.emplace_back(i, value);
      }
    }
  }
  Configuration near_default = space[space.default_index()];
  for (const auto& [knob, value] : wanted) near_default[knob] = value;
  if (space.find(near_default)) return near_default;
  for (std::size_t i = 0; i < space.size(); ++i) {
    const Configuration configuration = space[i];
    if (std::all_of(wanted.begin(), wanted.end(), [&](const auto& setting) {
          return configuration[setting.first] == setting.second;
        })) {
      return configuration;
    }
  }
  throw Error("no configuration has " + knobs);
}

class MutationFixture {
 public:
  // Returns the verdicts on the kernel of each of the sources, in order. `seconds` bounds the total
  // time.
  std::vector<Measurement> verdicts(const Trial& trial, const std::vector<Texts>& sources,
                                    int seconds = 120) {
    for (std::size_t i = 0; i < sources.size(); ++i) device_->submit(job(trial, sources[i], i));
    std::vector<Measurement> results(sources.size());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    for (std::size_t answered = 0; answered < sources.size();) {
      for (Finished& finished : device_->wait(deadline)) {
        results[finished.id] = std::move(finished.measurement);
        ++answered;
      }
      if (std::chrono::steady_clock::now() > deadline) throw Error("no answer");
    }
    return results;
  }

 private:
  Job job(const Trial& trial, const Texts& sources, std::size_t id) {
    const Catalog catalog = Catalog::load(builtin_spaces(), sources);
    const OpEntry& entry = catalog.at(trial.op);
    const KernelSpec& kernel =
        *std::find_if(entry.kernels.begin(), entry.kernels.end(),
                      [&](const KernelSpec& each) { return each.name == trial.kernel; });
    const Problem problem =
        parse_problem(entry.op, {trial.shape, trial.dtype, trial.math, trial.epilogue});
    const auto space =
        SearchSpace::enumerate(kernel, slots_of(entry.op, kernel.names, problem, device_->info()));
    LoweredPlan lowered =
        lower(catalog, kernel, problem, device_->info(), pick(space, trial.knobs));
    if (!lowered.invalid.empty()) throw Error(lowered.invalid);
    Job result;
    result.id = id;
    result.limits.timeout_ms = 60000;
    result.purpose = Purpose::verify;
    result.plan = std::move(lowered.plan);
    return result;
  }

  std::unique_ptr<Device> device_ = open_cpu();
};

// A replacement of a text that must occur exactly once in a file.
struct Edit {
  std::string before, after;
};

// Returns the sources with some places of one file changed.
inline Texts changed(const std::string& file, const std::vector<Edit>& edits) {
  Texts sources = builtin_sources();
  const auto found = sources.find(file);
  if (found == sources.end()) throw Error("there is no " + file);
  std::string& text = found->second;
  for (const auto& [before, after] : edits) {
    const std::size_t at = text.find(before);
    if (at == text.npos || text.find(before, at + 1) != text.npos) {
      throw Error(fmt::format("{} does not say once: {}", file, before));
    }
    text.replace(at, before.size(), after);
  }
  return sources;
}
inline Texts changed(const std::string& file, const std::string& before, const std::string& after) {
  return changed(file, {{before, after}});
}

}  // namespace tw
