// The sample of the conformance tests: the edge problems of an op, and for each kernel a small set
// of configurations in which every value of every knob occurs.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/problem/problem.h"
#include "core/space/space.h"
#include "core/spec/spec.h"

namespace tw::conformance {

inline constexpr std::size_t sample_size = 16;
inline constexpr std::uint64_t sample_seed = 7;

// Returns all combinations of the op's choices, "layout=nn", "layout=nt", ...; {""} if it has none.
inline std::vector<std::string> choice_texts(const OpSpec& op) {
  std::vector<std::string> texts{""};
  for (const ChoiceSpec& choice : op.choices) {
    std::vector<std::string> longer;
    for (const std::string& text : texts) {
      for (const std::string& value : choice.values) {
        longer.push_back(text + (text.empty() ? "" : ",") + choice.name + "=" + value);
      }
    }
    texts = std::move(longer);
  }
  return texts;
}

// Returns the op's edge shapes with the choices of `choices`, in every dtype and math, with tensors
// that are aligned to 16 bytes and with tensors that are aligned only to an element.
inline std::vector<Problem> edge_problems(const OpSpec& op, const std::string& choices) {
  std::vector<Problem> problems;
  for (const auto& [dtype, maths] : op.maths) {
    for (const std::string& math : maths) {
      for (const std::string& shape : op.edge_shapes) {
        for (const int align : {16, size_of(*parse_dtype(dtype))}) {
          ProblemText text;
          text.shape = shape + (choices.empty() ? "" : ",") + choices;
          text.dtype = dtype;
          text.math = math;
          text.align = align;
          problems.push_back(parse_problem(op, text));
        }
      }
    }
  }
  return problems;
}

// Returns the problems of `edge_problems` on which a configuration runs: for each edge shape one
// dtype, math and alignment among those that the configuration serves. The seed draws them, so that
// all combinations occur over the shapes, choices and configurations. `serves` returns whether the
// configuration serves a problem.
template <class Serves>
std::vector<std::size_t> drawn(const OpSpec& op, const std::vector<Problem>& problems,
                               std::uint64_t seed, const Serves& serves) {
  std::mt19937_64 random(seed);
  std::vector<std::size_t> result;
  const std::size_t shapes = op.edge_shapes.size();
  const std::size_t variants = problems.size() / shapes;
  for (std::size_t shape = 0; shape < shapes; ++shape) {
    std::vector<std::size_t> serving;
    for (std::size_t variant = 0; variant < variants; ++variant) {
      // The order of edge_problems: dtypes and maths, then shapes, then both alignments.
      const std::size_t at = (variant / 2 * shapes + shape) * 2 + variant % 2;
      if (serves(problems[at])) serving.push_back(at);
    }
    if (!serving.empty()) result.push_back(serving[random() % serving.size()]);
  }
  return result;
}

// Returns targets whose limits allow different configurations. A constraint may ask large tiles to
// fill the device; a shape that is quick to emulate fills only a small device. And a block goes
// from tile to tile only if there are fewer blocks than tiles.
inline const std::vector<DeviceInfo>& devices() {
  static const std::vector<DeviceInfo> all = [] {
    DeviceInfo large = emulated_device(90), small = large, single = large;
    small.sms = 4;
    single.sms = 1;
    return std::vector<DeviceInfo>{large, small, single};
  }();
  return all;
}

// Returns the spaces of a kernel for a problem, one for each device on which the kernel serves the
// problem.
inline std::vector<SearchSpace> spaces_of(const OpSpec& op, const KernelSpec& kernel,
                                          const Problem& problem) {
  std::vector<SearchSpace> spaces;
  for (const DeviceInfo& device : devices()) {
    try {
      spaces.push_back(SearchSpace::enumerate(kernel, slots_of(op, kernel.names, problem, device)));
    } catch (const Error&) {
      continue;
    }
  }
  return spaces;
}

// A knob's index and one of its values.
using Setting = std::pair<std::size_t, std::int64_t>;

inline std::set<Setting> settings_of(const Configuration& configuration) {
  std::set<Setting> settings;
  for (std::size_t knob = 0; knob < configuration.size(); ++knob) {
    settings.insert({knob, configuration[knob]});
  }
  return settings;
}

inline void erase_settings(const Configuration& configuration, std::set<Setting>& settings) {
  for (const Setting& setting : settings_of(configuration)) settings.erase(setting);
}

inline std::set<Setting> all_settings(const KernelSpec& kernel) {
  std::set<Setting> settings;
  for (std::size_t knob = 0; knob < kernel.knobs.size(); ++knob) {
    for (const std::int64_t value : kernel.knobs[knob].values) settings.insert({knob, value});
  }
  return settings;
}

// Candidate configurations; each is valid in one of the added spaces.
class Candidates {
 public:
  Candidates(const KernelSpec& kernel, std::mt19937_64& random)
      : random_(random), missing_(all_settings(kernel)) {}

  // Adds the default, some random configurations, and configurations for settings that no earlier
  // one has.
  void add(const SearchSpace& space) {
    insert(space[space.default_index()]);
    for (int i = 0; i < 30; ++i) insert(space[random_() % space.size()]);
    for (std::size_t i = 0; i < space.size() && !missing_.empty(); ++i) {
      const bool is_new =
          std::any_of(missing_.begin(), missing_.end(), [&](const Setting& setting) {
            const Knob& knob = space.knobs()[setting.first];
            return knob.values[static_cast<std::size_t>(space.level(i, setting.first))] ==
                   setting.second;
          });
      if (is_new) insert(space[i]);
    }
  }
  bool hold_every_setting() const { return missing_.empty(); }
  std::vector<Configuration> shuffled() const {
    std::vector<Configuration> all(all_.begin(), all_.end());
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[random_() % i]);
    return all;
  }

 private:
  void insert(const Configuration& configuration) {
    erase_settings(configuration, missing_);
    all_.insert(configuration);
  }
  std::mt19937_64& random_;
  std::set<Setting> missing_;
  std::set<Configuration> all_;
};

// Returns `first` and further candidates, chosen greedily so that each one has most of the settings
// that are still missing. Stops when no candidate adds a setting and there are `count`, or when no
// candidate is left.
inline std::vector<Configuration> covering_sample(const KernelSpec& kernel,
                                                  const Configuration& first,
                                                  std::vector<Configuration> candidates,
                                                  std::size_t count) {
  std::vector<Configuration> sample{first};
  std::set<Setting> missing = all_settings(kernel);
  while (true) {
    erase_settings(sample.back(), missing);
    std::erase(candidates, sample.back());
    const auto gain = [&](const Configuration& configuration) {
      const std::set<Setting> settings = settings_of(configuration);
      return std::count_if(settings.begin(), settings.end(),
                           [&](const Setting& s) { return missing.contains(s); });
    };
    const auto best = std::max_element(
        candidates.begin(), candidates.end(),
        [&](const Configuration& a, const Configuration& b) { return gain(a) < gain(b); });
    if (best == candidates.end()) return sample;
    if (gain(*best) == 0 && sample.size() >= count) return sample;
    sample.push_back(*best);
  }
}

// Returns the configurations that represent a kernel for all choices; a function of sample_seed.
// They are drawn from the spaces of some edge problems, and of further ones until every setting
// occurs. Enumerating all spaces would take longer than running the sample.
inline std::vector<Configuration> sample_of(const OpSpec& op, const KernelSpec& kernel) {
  constexpr std::size_t some = 24;
  std::vector<Problem> problems;
  for (const std::string& choices : choice_texts(op)) {
    for (Problem& problem : edge_problems(op, choices)) problems.push_back(std::move(problem));
  }
  std::mt19937_64 random(sample_seed);
  for (std::size_t i = problems.size(); i > 1; --i) {
    std::swap(problems[i - 1], problems[random() % i]);
  }
  Candidates candidates(kernel, random);
  std::optional<Configuration> first;
  std::size_t served = 0;
  for (const Problem& problem : problems) {
    if (served >= some && candidates.hold_every_setting()) break;
    const std::vector<SearchSpace> spaces = spaces_of(op, kernel, problem);
    served += spaces.empty() ? 0 : 1;
    for (const SearchSpace& space : spaces) {
      if (!first) first = space[space.default_index()];
      candidates.add(space);
    }
  }
  if (!first) return {};
  return covering_sample(kernel, *first, candidates.shuffled(), sample_size);
}

// Returns one chain for each step that the op allows, and one chain of all steps. Configuration i
// of the sample runs chain_of(chains, i, choice), so that each chain runs if the op has enough
// choices.
inline std::vector<Epilogue> epilogues_of(const OpSpec& op) {
  std::vector<Epilogue> chains;
  std::string all;
  for (const std::string& step : op.epilogue_steps) {
    chains.push_back(Epilogue::from_structure(step));
    all += (all.empty() ? "" : ",") + step;
  }
  chains.push_back(Epilogue::from_structure(all));
  return chains;
}

// If the kernel reduces, returns two chains for each reduction: the reduction alone, and the
// reduction after the first steps. After all steps the values of a row would hardly differ.
inline std::vector<Epilogue> reductions_of(const OpSpec& op, const KernelSpec& kernel) {
  std::vector<Epilogue> chains;
  if (!kernel.reduces) return chains;
  std::string steps;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, op.epilogue_steps.size()); ++i) {
    steps += op.epilogue_steps[i] + ",";
  }
  for (const std::string& reduction : op.epilogue_reductions) {
    chains.push_back(Epilogue::from_structure(reduction));
    chains.push_back(Epilogue::from_structure(steps + reduction));
  }
  return chains;
}

// Returns the problem with the chain; nothing if the op refuses the chain for this shape. Dims with
// defaults get the defaults for the chain, since a reduction changes the output's shape.
inline std::optional<Problem> with_chain(const OpSpec& op, const Problem& problem,
                                         const Epilogue& chain) {
  try {
    return parse_problem(op, {problem.shape(op), std::string(name_of(problem.dtype)), problem.math,
                              chain.text(), problem.align});
  } catch (const Error&) {
    if (!chain.reduced()) throw;
    return std::nullopt;
  }
}

inline const Epilogue& chain_of(const std::vector<Epilogue>& chains, std::size_t configuration,
                                std::size_t choice) {
  return chains[(choice * sample_size + configuration) % chains.size()];
}

}  // namespace tw::conformance
