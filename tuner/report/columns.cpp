#include "report/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "ui/format.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

// Texts that are stored once and named by their index.
class Words {
 public:
  std::size_t index(const std::string& text) {
    const auto [at, is_new] = indices_.emplace(text, list_.size());
    if (is_new) list_.push_back(text);
    return at->second;
  }
  const std::vector<std::string>& list() const { return list_; }

 private:
  std::map<std::string, std::size_t> indices_;
  std::vector<std::string> list_;
};

// Returns the number with six significant digits, without a fraction if there is none.
ordered_json rounded(double value) {
  if (!(value > 0) || !std::isfinite(value)) return {};
  const double scale = std::pow(10, 5 - std::floor(std::log10(value)));
  const double short_value = scale >= 1 ? std::round(value * scale) / scale : std::round(value);
  if (short_value == std::floor(short_value) && short_value < 1e15) {
    return static_cast<std::int64_t>(short_value);
  }
  return short_value;
}

// The text of a configuration, apart.
struct Settings {
  std::vector<std::string> names, values;
};
Settings settings_of(const std::string& configuration) {
  Settings settings;
  for (const std::string& word : words_of(configuration)) {
    const std::size_t equals = std::min(word.find('='), word.size());
    settings.names.push_back(word.substr(0, equals));
    settings.values.push_back(word.substr(std::min(equals + 1, word.size())));
  }
  return settings;
}

std::optional<double> seconds_of(const std::string& text) {
  int year = 0, hour = 0, minute = 0;
  unsigned month = 0, day = 0;
  double second = 0;
  // Files of other tools have a blank instead of the T.
  if (std::sscanf(text.c_str(), "%4d-%2u-%2u%*[T ]%2d:%2d:%lf", &year, &month, &day, &hour, &minute,
                  &second) != 6) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return static_cast<double>(days) * 86400 + hour * 3600 + minute * 60 + second;
}

// The trials of one context with the same knobs.
class Set {
 public:
  explicit Set(const Settings& settings) : knobs_(settings.names.size()) {
    for (std::size_t i = 0; i < knobs_.size(); ++i) knobs_[i].name = settings.names[i];
    for (const char* name : {"run", "seconds", "race", "outcome", "note", "ns", "forecast"}) {
      columns_[name] = ordered_json::array();
    }
  }

  void add(const Trial& trial, const Settings& settings, const std::vector<StoredRun>& runs,
           double forecast_ns) {
    const auto run = std::find_if(runs.begin(), runs.end(),
                                  [&](const StoredRun& one) { return one.id == trial.run; });
    const double seconds = run == runs.end() ? -1 : seconds_between(run->started, trial.created);
    columns_["run"].push_back(run - runs.begin());
    columns_["seconds"].push_back(seconds < 0 ? ordered_json()
                                              : ordered_json(std::round(seconds * 1e3) / 1e3));
    columns_["race"].push_back(trial.kind == TrialKind::race ? 1 : 0);
    columns_["outcome"].push_back(outcomes_.index(std::string(name_of(trial.measurement.outcome))));
    columns_["note"].push_back(notes_.index(trial.measurement.note));
    columns_["ns"].push_back(rounded(trial.measurement.median_ns()));
    columns_["forecast"].push_back(rounded(forecast_ns));
    has_forecast_ |= forecast_ns > 0;
    for (std::size_t i = 0; i < knobs_.size(); ++i) {
      knobs_[i].tried.push_back(knobs_[i].values.index(settings.values[i]));
    }
  }

  ordered_json json(const Context& context, bool is_current) const {
    ordered_json set{{"kernel", context.code.kernel},
                     {"driver", context.situation.driver},
                     {"toolchain", context.situation.toolchain},
                     {"current", is_current},
                     {"knobs", ordered_json::array()},
                     {"outcomes", outcomes_.list()},
                     {"notes", notes_.list()},
                     {"values", ordered_json::array()}};
    for (const auto& knob : knobs_) {
      set["knobs"].push_back({{"name", knob.name}, {"values", knob.values.list()}});
      set["values"].push_back(knob.tried);
    }
    set.update(columns_);
    if (!has_forecast_) set.erase("forecast");
    return set;
  }

 private:
  struct TriedKnob {
    std::string name;
    Words values;
    std::vector<std::size_t> tried;  // the index of each trial's value
  };
  std::vector<TriedKnob> knobs_;
  Words outcomes_, notes_;
  ordered_json columns_;
  bool has_forecast_ = false;
};

}  // namespace

double seconds_between(const std::string& from, const std::string& to) {
  const auto begin = seconds_of(from), end = seconds_of(to);
  return begin && end ? *end - *begin : -1;
}

ordered_json trial_sets(const Group& group, Forecaster& forecaster) {
  std::vector<Context> contexts;
  std::map<std::pair<std::size_t, std::vector<std::string>>, Set> sets;
  for (const Trial& trial : group.trials) {
    if (trial.kind == TrialKind::baseline) continue;
    const auto found = std::find(contexts.begin(), contexts.end(), trial.context);
    const auto context = static_cast<std::size_t>(found - contexts.begin());
    if (found == contexts.end()) contexts.push_back(trial.context);
    const Settings settings = settings_of(trial.configuration);
    sets.try_emplace({context, settings.names}, settings)
        .first->second.add(trial, settings, group.runs, forecaster.time_ns(trial));
  }
  ordered_json list = ordered_json::array();
  for (const auto& [key, set] : sets) {
    const Context& context = contexts[key.first];
    list.push_back(set.json(context, group.winner && group.winner->trial.context == context));
  }
  return list;
}

}  // namespace tw
