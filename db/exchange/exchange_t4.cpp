// Converts trials to a recording and back. A recording is one search space. It can hold the latest
// trial of each configuration and one baseline, but no races and runs.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/error.h"
#include "core/expr/expr.h"
#include "core/formats/recording_parts.h"
#include "core/space/space.h"
#include "db/exchange/exchange.h"

namespace tw {
namespace {

using nlohmann::json;

// A property that a filter can select: its flag, and its value in a trial.
struct Facet {
  const char* flag;
  std::string (*of)(const Context&);
};
constexpr Facet facets[] = {
    {"--op", [](const Context& c) { return c.situation.op; }},
    {"--problem", [](const Context& c) { return c.situation.problem; }},
    {"--kernel", [](const Context& c) { return c.code.kernel; }},
    {"--device", [](const Context& c) { return c.situation.device_model; }},
    {"--l2", [](const Context& c) { return std::string(name_of(c.situation.l2)); }},
    {"--source", [](const Context& c) { return std::string(name_of(c.situation.source)); }},
};

std::vector<std::string> facets_of(const Context& context) {
  std::vector<std::string> values;
  for (const Facet& facet : facets) values.push_back(facet.of(context));
  return values;
}

// Returns whether the trial decides if a configuration works: a trial of a search of this kernel,
// or a failure in a race.
bool is_verdict_of(const SharedTrial& shared, const std::string& kernel) {
  const Trial& trial = shared.trial;
  const bool counts = trial.kind == TrialKind::search ||
                      (trial.kind == TrialKind::race && trial.measurement.outcome != Outcome::ok);
  return counts && (kernel.empty() || trial.context.code.kernel == kernel);
}

// Keeps only the trials with exactly this name, if there are any: "m=64" is also a part of "m=640".
void prefer_exact(std::vector<SharedTrial>& trials, const std::string& name,
                  std::string Situation::*field) {
  const auto is_it = [&](const SharedTrial& shared) {
    return shared.trial.context.situation.*field == name;
  };
  if (name.empty() || std::none_of(trials.begin(), trials.end(), is_it)) return;
  std::erase_if(trials, [&](const SharedTrial& shared) { return !is_it(shared); });
}

// Throws Error if `found` has several elements.
void check_single(const std::set<std::vector<std::string>>& found) {
  if (found.size() < 2) return;
  std::string flags, list;
  for (std::size_t i = 0; i < std::size(facets); ++i) {
    std::set<std::string> values;
    for (const auto& one : found) values.insert(one[i]);
    if (values.size() > 1) flags += (flags.empty() ? "" : ", ") + std::string(facets[i].flag);
  }
  std::size_t listed = 0;
  for (const auto& one : found) {
    if (++listed > 3) break;
    list += fmt::format("{}{}: {} on {} ({} L2, {})", listed > 1 ? "; " : "", one[1], one[2],
                        one[3], one[4], one[5]);
  }
  throw Error(fmt::format(
      "T4 holds one search space, these are {}: narrow them with {}, or name a .csv file, which "
      "holds all: {}{}",
      found.size(), flags, list, found.size() > 3 ? "; ..." : ""));
}

using Pairs = std::vector<std::pair<std::string, std::string>>;  // knob, value

// Splits the text of a configuration. Returns nothing if it is not one.
Pairs pairs_of(std::string_view text) {
  Pairs pairs;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    const std::size_t equals = item.find('=');
    if (equals == item.npos || !is_identifier(item.substr(0, equals))) return {};
    pairs.emplace_back(item.substr(0, equals), item.substr(equals + 1));
  }
  return pairs;
}

bool have_same_knobs(const Pairs& a, const Pairs& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

// Accepts only a number as the program writes it.
std::optional<std::int64_t> integer_in(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  if (std::to_string(value) != text) return std::nullopt;
  return value;
}

Knob knob_of(const std::string& name, const std::set<std::string>& texts) {
  Knob knob;
  knob.name = name;
  const auto all = [&](auto test) { return std::all_of(texts.begin(), texts.end(), test); };
  if (all([](const std::string& text) { return integer_in(text).has_value(); })) {
    for (const std::string& text : texts) knob.values.push_back(*integer_in(text));
    std::sort(knob.values.begin(), knob.values.end());
  } else if (all([](const std::string& text) { return text == "true" || text == "false"; })) {
    knob.kind = Knob::Kind::boolean;
    for (const std::string& text : texts) knob.values.push_back(text == "true");
  } else {
    knob.kind = Knob::Kind::word;
    knob.words.assign(texts.begin(), texts.end());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      knob.values.push_back(static_cast<std::int64_t>(i));
    }
  }
  return knob;
}

Recording described_by(const SharedTrial& newest) {
  const Context& context = newest.trial.context;
  Recording recording;
  recording.name = recording.kernel = context.code.kernel;
  recording.op = context.situation.op;
  recording.problem = context.situation.problem;
  recording.source_digest = context.code.source_digest;
  recording.verdict_digest = context.code.verdict_digest;
  recording.space_digest = newest.run.space_digest;
  recording.driver = context.situation.driver;
  recording.toolchain = context.situation.toolchain;
  recording.commit = newest.run.commit;
  recording.protocol = context.situation.protocol;
  recording.l2 = context.situation.l2;
  recording.device = device_of(newest.run, newest.trial.context.situation);
  return recording;
}

// Returns the newest baseline that can be compared with the times of the context.
std::optional<RecordedBaseline> baseline_of(const std::vector<SharedTrial>& trials,
                                            const Context& context) {
  for (auto at = trials.rbegin(); at != trials.rend(); ++at) {
    const Trial& trial = at->trial;
    Situation same = context.situation;
    same.toolchain = trial.context.situation.toolchain;
    const CodeKey& library = trial.context.code;
    if (trial.kind == TrialKind::baseline && trial.measurement.outcome == Outcome::ok &&
        !trial.measurement.samples_ns.empty() && trial.context.situation == same &&
        library.verdict_digest == context.code.verdict_digest) {
      return RecordedBaseline{library.kernel, library.source_digest, trial.measurement.samples_ns,
                              trial.measurement.energy_mj, trial.measurement.mean_power_w};
    }
  }
  return std::nullopt;
}

// Returns the latest trial of each configuration that has the context and the knobs of the newest
// trial.
std::map<std::string, const Trial*> latest_of(const std::vector<SharedTrial>& trials,
                                              const Trial& newest, std::int64_t& left_out) {
  std::map<std::string, const Trial*> latest;
  const Pairs knobs = pairs_of(newest.configuration);
  for (const SharedTrial& shared : trials) {
    const Trial& trial = shared.trial;
    if (!is_verdict_of(shared, newest.context.code.kernel)) continue;
    const Measurement& measurement = trial.measurement;
    const bool timed = measurement.outcome != Outcome::ok || measurement.median_ns() > 0;
    const bool fits = trial.context == newest.context && timed &&
                      have_same_knobs(pairs_of(trial.configuration), knobs);
    left_out += fits ? 0 : 1;
    if (!fits) continue;
    const auto [at, is_new] = latest.insert_or_assign(trial.configuration, &trial);
    left_out += is_new ? 0 : 1;
  }
  return latest;
}

void add_trials(Recording& recording, const std::map<std::string, const Trial*>& latest) {
  std::vector<std::pair<std::string, std::set<std::string>>> values;  // in the order of the knobs
  for (const auto& [text, trial] : latest) {
    const Pairs pairs = pairs_of(text);
    values.resize(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      values[i].first = pairs[i].first;
      values[i].second.insert(pairs[i].second);
    }
  }
  for (const auto& [name, texts] : values) recording.knobs.push_back(knob_of(name, texts));
  for (const auto& [text, trial] : latest) {
    const bool ok = trial->measurement.outcome == Outcome::ok;
    recording.trials.push_back({configuration_from(recording.knobs, text), trial->measurement,
                                ok ? trial->measurement.median_ns() : 0, trial->created});
  }
  std::sort(recording.trials.begin(), recording.trials.end(),
            [](const auto& a, const auto& b) { return a.configuration < b.configuration; });
}

// Sorts imported trials by their dates, so that the order in which databases were merged does not
// matter.
void order(std::vector<SharedTrial>& trials) {
  const auto is_imported = [](const SharedTrial& shared) {
    return shared.trial.context.situation.source == Source::imported;
  };
  if (!std::all_of(trials.begin(), trials.end(), is_imported)) return;
  std::stable_sort(trials.begin(), trials.end(), [](const SharedTrial& a, const SharedTrial& b) {
    if (a.trial.created != b.trial.created) return a.trial.created < b.trial.created;
    return facts_of(a.trial) < facts_of(b.trial);
  });
}

}  // namespace

Recording recording_of(std::vector<SharedTrial> trials, const Filter& filter,
                       std::int64_t& left_out) {
  left_out = 0;
  prefer_exact(trials, filter.problem, &Situation::problem);
  prefer_exact(trials, filter.device, &Situation::device_model);
  order(trials);
  std::set<std::vector<std::string>> found;
  const SharedTrial* newest = nullptr;
  for (const SharedTrial& shared : trials) {
    if (!is_verdict_of(shared, filter.kernel)) continue;
    newest = &shared;
    found.insert(facets_of(shared.trial.context));
  }
  check_single(found);
  if (newest == nullptr) return {};
  if (pairs_of(newest->trial.configuration).empty()) {
    throw Error(fmt::format("{} has no knobs that T4 could hold: name a .csv file",
                            newest->trial.context.code.kernel));
  }
  Recording recording = described_by(*newest);
  add_trials(recording, latest_of(trials, newest->trial, left_out));
  recording.baseline = baseline_of(trials, newest->trial.context);
  return recording;
}

namespace {

// Returns the context that a replay of the recording has.
Context context_of(const Recording& recording, const DeviceInfo& device) {
  Context context;
  context.situation.op = recording.foreign() ? recording.name : recording.op;
  context.situation.problem = recording.foreign()
                                  ? std::filesystem::path(recording.path).filename().string()
                                  : recording.problem;
  context.code.kernel = recording.foreign() ? recording.name : recording.kernel;
  context.code.source_digest = recording.source_digest;
  context.code.verdict_digest = recording.verdict_digest;
  context.situation.device_model = device.model;
  context.situation.device_limits = device_limits_of(device);
  context.situation.driver = recording.driver;
  context.situation.toolchain = recording.toolchain;
  context.situation.protocol = recording.protocol;
  context.situation.l2 = recording.l2;
  context.situation.source = device.kind == DeviceKind::cpu ? Source::cpu : Source::imported;
  return context;
}

// A file may use any names, but the database and the emitted headers may not.
void check_names(const Recording& recording, const std::vector<SharedTrial>& trials) {
  const auto check = [&](const char* what, const std::string& text, bool may_be_empty) {
    const bool odd = std::any_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < ' '; });
    if (!odd && (may_be_empty || !text.empty())) return;
    throw Error(fmt::format("{}: {} {}: correct it, or record it again", recording.path, what,
                            odd ? "has a control character" : "is missing"));
  };
  const Context& context = trials.front().run.context;
  check("the op", context.situation.op, false);
  check("the problem", context.situation.problem, false);
  check("the kernel", context.code.kernel, false);
  check("the device's model", context.situation.device_model, false);
  check("the source digest", context.code.source_digest, true);
  check("the verdict digest", context.code.verdict_digest, true);
  check("the driver", context.situation.driver, true);
  check("the toolchain", context.situation.toolchain, true);
  for (const SharedTrial& shared : trials) {
    const Trial& trial = shared.trial;
    check("a timestamp", trial.created, true);
    check("a configuration", trial.configuration, true);
    check("a timer", trial.measurement.timer, true);
    if (trial.kind != TrialKind::baseline) continue;
    check("the baseline's name", trial.context.code.kernel, false);
    check("the baseline's version", trial.context.code.source_digest, true);
  }
}

}  // namespace

std::vector<SharedTrial> trials_of(const Recording& recording) {
  DeviceInfo device = recording.device;
  if (device.model.empty()) device.model = "the device of " + recording.name;
  SharedTrial shared;  // what all trials have in common
  const Context context = context_of(recording, device);
  shared.run.context = context;
  shared.run.space_digest = recording.space_digest;
  shared.run.space_size = static_cast<std::int64_t>(recording.trials.size());
  shared.run.strategy = "exhaustive";
  shared.run.command = "recording " + recording.name;
  shared.run.device_uuid = device.uuid;
  shared.run.commit = recording.commit;
  shared.run.device_json =
      device_block(device).dump(-1, ' ', false, json::error_handler_t::replace);
  shared.run_status = name_of(RunEnd::finished);
  for (const RecordedTrial& trial : recording.trials) {
    if (shared.run_started.empty() || trial.timestamp < shared.run_started) {
      shared.run_started = trial.timestamp;
    }
    shared.run_ended = std::max(shared.run_ended, trial.timestamp);
  }
  shared.trial.context = context;
  std::vector<SharedTrial> trials;
  if (recording.baseline) {
    SharedTrial& baseline = trials.emplace_back(shared);
    baseline.trial.kind = TrialKind::baseline;
    baseline.trial.created = shared.run_started;
    baseline.trial.context.code.kernel = recording.baseline->name;
    baseline.trial.context.code.source_digest = recording.baseline->version;
    baseline.trial.measurement.samples_ns = recording.baseline->samples_ns;
    baseline.trial.measurement.energy_mj = recording.baseline->energy_mj;
    baseline.trial.measurement.mean_power_w = recording.baseline->mean_power_w;
  }
  for (const RecordedTrial& trial : recording.trials) {
    SharedTrial& one = trials.emplace_back(shared);
    one.trial.created = trial.timestamp;
    one.trial.configuration = text_of(recording.knobs, trial.configuration);
    one.trial.measurement = trial.measurement;
  }
  check_names(recording, trials);
  return trials;
}

}  // namespace tw
