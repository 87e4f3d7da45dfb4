// The sorted table of valid configurations, and the look-ups that strategies make in it.
#include "core/space/space.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "core/base/error.h"
#include "core/space/enumerate.h"
#include "core/text/nearest.h"

namespace tw {
namespace {

constexpr std::size_t kMostValues = 65536;  // of a knob; a level has two bytes
constexpr std::size_t kMostConfigurations = 100'000'000;
constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of levels; there may be many knobs

double combinations(std::span<const Knob> knobs) {
  double product = 1;
  for (const Knob& knob : knobs) product *= static_cast<double>(knob.values.size());
  return product;
}

std::string count_text(double count) {
  return count < 1e6 ? fmt::format("{:.0f}", count) : fmt::format("{:.3g}", count);
}

// Returns whether `constraint` is false for all values of the knobs that it reads. Returns false
// without trying them if there are more than 10^7 combinations.
bool rejects_all(const std::vector<Knob>& knobs, const Constraint& constraint, int first_knob,
                 const std::vector<std::int64_t>& slots) {
  std::vector<Knob> read = knobs;
  for (std::size_t i = 0; i < read.size(); ++i) {
    const std::vector<int>& reads = constraint.expr.reads();
    const int slot = first_knob + static_cast<int>(i);
    if (!std::binary_search(reads.begin(), reads.end(), slot)) read[i].values.resize(1);
  }
  if (combinations(read) > 1e7) return false;
  return Enumerator(read, std::span(&constraint, 1), first_knob, slots).run(1).count == 0;
}

// Returns the reason why there is no valid configuration.
std::string why_empty(const std::vector<Knob>& knobs, std::span<const Constraint> constraints,
                      int first_knob, const std::vector<std::int64_t>& slots) {
  const std::string all = count_text(combinations(knobs));
  for (const Constraint& constraint : constraints) {
    if (!rejects_all(knobs, constraint, first_knob, slots)) continue;
    return fmt::format(
        "no configuration is valid: \"{}\" ({}) rejects all {} combinations of knob values",
        constraint.reason, constraint.expr.text(), all);
  }
  const std::vector<double> rejected =
      Enumerator(knobs, constraints, first_knob, slots).count_rejected();
  const auto most = std::max_element(rejected.begin(), rejected.end());
  const Constraint& constraint = constraints[static_cast<std::size_t>(most - rejected.begin())];
  return fmt::format(
      "no configuration is valid: of {} combinations of knob values, \"{}\" ({}) rejects the most, "
      "{}, and other constraints the rest",
      all, constraint.reason, constraint.expr.text(), count_text(*most));
}

std::optional<int> level_of(const Knob& knob, std::int64_t value) {
  const auto at = std::find(knob.values.begin(), knob.values.end(), value);
  if (at == knob.values.end()) return std::nullopt;
  return static_cast<int>(at - knob.values.begin());
}

// Throws Error if there is no space.
SearchSpace found_in(std::variant<SearchSpace, NoSpace> result) {
  if (const auto* none = std::get_if<NoSpace>(&result)) throw Error(none->reason);
  return std::get<SearchSpace>(std::move(result));
}

}  // namespace

std::variant<SearchSpace, NoSpace> SearchSpace::try_enumerate(
    const KernelSpec& kernel, const std::vector<std::int64_t>& slots,
    const EnumerationProgress& progress) {
  const std::string name = fmt::format("kernel {}/{}", kernel.op, kernel.name);
  if (!kernel.needs.expr.text().empty() && !kernel.needs.expr.holds(slots)) {
    return NoSpace{.reason = fmt::format("{} does not serve this problem on this device: it needs "
                                         "{}",
                                         name, kernel.needs.expr.text()),
                   .is_empty = true};
  }
  std::vector<Constraint> constraints = kernel.require;
  constraints.insert(constraints.end(), kernel.prefer.begin(), kernel.prefer.end());
  auto found = try_enumerate(kernel.knobs, constraints, kernel.first_knob, slots, progress);
  if (auto* none = std::get_if<NoSpace>(&found)) {
    none->reason = fmt::format("{}: {}", name, none->reason);
  }
  return found;
}

std::variant<SearchSpace, NoSpace> SearchSpace::try_enumerate(
    std::vector<Knob> knobs, std::span<const Constraint> constraints, int first_knob,
    const std::vector<std::int64_t>& slots, const EnumerationProgress& progress) {
  for (const Knob& knob : knobs) {
    const std::size_t size = knob.values.size();
    if (size >= 1 && size <= kMostValues) continue;
    return NoSpace{.reason = fmt::format("knob {} has {} values: 1 to {} are allowed", knob.name,
                                         size, kMostValues)};
  }
  SearchSpace space;
  space.knobs_ = std::move(knobs);
  Enumerator enumerator(space.knobs_, constraints, first_knob, slots);
  const std::size_t row_bytes = std::max<std::size_t>(space.knobs_.size() * enumerator.width(), 1);
  const std::size_t most = std::min(kMostConfigurations, kMostBytes / row_bytes);
  enumerator.watch(progress);
  Enumerator::Rows rows = enumerator.run(most + 1);
  if (!rows.is_complete) {
    return NoSpace{.reason = fmt::format(
                       "{} combinations of knob values are too many to check: write constraints of "
                       "fewer knobs, list the knobs of the smallest constraints first, or remove "
                       "values",
                       count_text(combinations(space.knobs_)))};
  }
  if (rows.count > most) {
    return NoSpace{.reason = fmt::format(
                       "more than {} configurations of {} knobs are valid: add constraints to "
                       "[require], or remove knobs",
                       most, space.knobs_.size())};
  }
  if (rows.count == 0) {
    return NoSpace{.reason = why_empty(space.knobs_, constraints, first_knob, slots),
                   .is_empty = true};
  }
  space.wide_ = enumerator.width() == 2;
  space.size_ = rows.count;
  space.levels_ = std::move(rows.levels);
  return space;
}

SearchSpace SearchSpace::enumerate(const KernelSpec& kernel,
                                   const std::vector<std::int64_t>& slots) {
  return found_in(try_enumerate(kernel, slots));
}

SearchSpace SearchSpace::enumerate(std::vector<Knob> knobs, std::span<const Constraint> constraints,
                                   int first_knob, const std::vector<std::int64_t>& slots) {
  return found_in(try_enumerate(std::move(knobs), constraints, first_knob, slots, {}));
}

SearchSpace SearchSpace::from_list(std::vector<Knob> knobs,
                                   const std::vector<Configuration>& configurations) {
  if (configurations.empty()) throw Error("the list holds no configuration");
  std::vector<std::vector<int>> rows;
  rows.reserve(configurations.size());
  for (const Configuration& configuration : configurations) {
    if (configuration.size() != knobs.size()) {
      throw Error(fmt::format("a configuration has {} values, expected one for each of {} knobs",
                              configuration.size(), knobs.size()));
    }
    std::vector<int>& row = rows.emplace_back();
    for (std::size_t i = 0; i < knobs.size(); ++i) {
      const std::optional<int> level = level_of(knobs[i], configuration[i]);
      if (!level) {
        throw Error(fmt::format("knob {} has no value {}", knobs[i].name, configuration[i]));
      }
      row.push_back(*level);
    }
  }
  std::sort(rows.begin(), rows.end());
  SearchSpace space;
  space.knobs_ = std::move(knobs);
  space.size_ = rows.size();
  for (const Knob& knob : space.knobs_) {
    if (knob.values.size() > kMostValues) {
      throw Error(fmt::format("knob {} has {} values: at most {} are allowed", knob.name,
                              knob.values.size(), kMostValues));
    }
    space.wide_ |= knob.values.size() > 256;
  }
  space.levels_.reserve(rows.size() * space.knobs_.size() * (space.wide_ ? 2 : 1));
  for (const std::vector<int>& row : rows) {
    for (const int level : row) {
      space.levels_.push_back(static_cast<std::uint8_t>(level));
      if (space.wide_) space.levels_.push_back(static_cast<std::uint8_t>(level >> 8));
    }
  }
  const auto twice = std::adjacent_find(rows.begin(), rows.end());
  if (twice != rows.end()) {
    const auto index = static_cast<std::size_t>(twice - rows.begin());
    throw Error(
        fmt::format("a configuration is listed twice: {}", text_of(space.knobs_, space[index])));
  }
  return space;
}

Configuration SearchSpace::operator[](std::size_t index) const {
  Configuration configuration(knobs_.size());
  for (std::size_t i = 0; i < knobs_.size(); ++i) {
    configuration[i] = knobs_[i].values[static_cast<std::size_t>(level(index, i))];
  }
  return configuration;
}

std::optional<std::size_t> SearchSpace::find(std::span<const std::int64_t> configuration) const {
  if (configuration.size() != knobs_.size()) return std::nullopt;
  std::vector<int> levels(knobs_.size());
  for (std::size_t i = 0; i < knobs_.size(); ++i) {
    const std::optional<int> level = level_of(knobs_[i], configuration[i]);
    if (!level) return std::nullopt;
    levels[i] = *level;
  }
  return find_levels(levels);
}

std::optional<std::size_t> SearchSpace::find_text(std::string_view configuration) const {
  const auto read = read_configuration(knobs_, configuration);
  const auto* values = std::get_if<Configuration>(&read);
  return values ? find(*values) : std::nullopt;
}

std::optional<std::size_t> SearchSpace::find_levels(std::span<const int> levels) const {
  if (levels.size() != knobs_.size()) return std::nullopt;
  return find_from(0, 0, size_, levels);
}

// Returns the row in [begin, end) that has these levels. All rows of that range agree with `levels`
// in the knobs before `knob`.
std::optional<std::size_t> SearchSpace::find_from(std::size_t knob, std::size_t begin,
                                                  std::size_t end,
                                                  std::span<const int> levels) const {
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    std::size_t i = knob;
    while (i < knobs_.size() && level(middle, i) == levels[i]) ++i;
    if (i == knobs_.size()) return middle;
    if (level(middle, i) < levels[i]) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return std::nullopt;
}

std::vector<std::size_t> SearchSpace::neighbours(std::size_t index, bool adjacent) const {
  std::vector<int> levels(knobs_.size());
  for (std::size_t i = 0; i < knobs_.size(); ++i) levels[i] = level(index, i);
  std::vector<std::size_t> found;
  std::size_t begin = 0, end = size_;  // the rows that agree in the knobs before `knob`
  for (std::size_t knob = 0; knob < knobs_.size(); ++knob) {
    const int own = levels[knob];
    for (const int other : alternatives(knob, own, adjacent)) {
      levels[knob] = other;
      if (const auto at = find_from(knob, begin, end, levels)) found.push_back(*at);
    }
    levels[knob] = own;
    begin = first_at_least(knob, begin, end, own);
    end = first_at_least(knob, begin, end, own + 1);
  }
  return found;
}

// Returns the first row in [begin, end) whose level of `knob` is at least `least`. All rows of that
// range agree in the knobs before `knob`.
std::size_t SearchSpace::first_at_least(std::size_t knob, std::size_t begin, std::size_t end,
                                        int least) const {
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    if (level(middle, knob) < least) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

// Returns the levels that a neighbour may have instead of `own`.
std::vector<int> SearchSpace::alternatives(std::size_t knob, int own, bool adjacent) const {
  const std::vector<std::int64_t>& values = knobs_[knob].values;
  std::vector<int> levels(values.size());
  std::iota(levels.begin(), levels.end(), 0);
  if (!adjacent || knobs_[knob].kind != Knob::Kind::integer) {
    levels.erase(levels.begin() + own);
    return levels;
  }
  // The nearest values below and above, independent of the order of the list.
  std::vector<int> nearest;
  const std::int64_t value = values[static_cast<std::size_t>(own)];
  for (const bool above : {false, true}) {
    int best = -1;
    for (const int level : levels) {
      const std::int64_t v = values[static_cast<std::size_t>(level)];
      if (above ? v <= value : v >= value) continue;
      const bool nearer = best < 0 || (v < values[static_cast<std::size_t>(best)]) == above;
      if (nearer) best = level;
    }
    if (best >= 0) nearest.push_back(best);
  }
  return nearest;
}

// Defaults have level 0, so the lexicographically smallest row shares the longest prefix with them.
std::size_t SearchSpace::default_index() const { return 0; }

double SearchSpace::cartesian_size() const { return combinations(knobs_); }

bool serves(const KernelSpec& kernel, std::vector<std::int64_t> slots,
            std::span<const std::int64_t> configuration) {
  std::copy(configuration.begin(), configuration.end(), slots.begin() + kernel.first_knob);
  if (!kernel.needs.expr.text().empty() && !kernel.needs.expr.holds(slots)) return false;
  return std::all_of(kernel.require.begin(), kernel.require.end(),
                     [&](const Constraint& constraint) { return constraint.expr.holds(slots); });
}

std::string text_of(std::span<const Knob> knobs, std::span<const std::int64_t> configuration) {
  std::string text;
  for (std::size_t i = 0; i < knobs.size(); ++i) {
    if (i > 0) text += ' ';
    text += knobs[i].name + '=' + knobs[i].text(configuration[i]);
  }
  return text;
}

namespace {

// Returns the value of `knob` that is written as `text`.
std::variant<std::int64_t, Refusal> value_from(const Knob& knob, std::string_view text) {
  std::vector<std::string> known;
  for (const std::int64_t value : knob.values) {
    known.push_back(knob.text(value));
    if (known.back() == text) return value;
  }
  return Refusal{
      fmt::format("knob {} has no value '{}': it has {}", knob.name, text, fmt::join(known, ", "))};
}

// Returns the index of the knob with this name.
std::variant<std::size_t, Refusal> knob_from(std::span<const Knob> knobs, std::string_view name) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < knobs.size(); ++i) {
    known.push_back(knobs[i].name);
    if (known.back() == name) return i;
  }
  return Refusal{
      fmt::format("there is no knob '{}'; {}", name,
                  did_you_mean(name, known, fmt::format("there are {}", fmt::join(known, ", "))))};
}

// A configuration of which some knobs are read.
struct Reading {
  std::span<const Knob> knobs;
  Configuration values = Configuration(knobs.size());
  std::vector<bool> given = std::vector<bool>(knobs.size());
};

// Reads "block_m=64". Returns the reason if it is refused.
std::optional<Refusal> read_item(std::string_view item, Reading& reading) {
  const std::size_t equals = item.find('=');
  if (equals == item.npos) {
    return Refusal{fmt::format("'{}' in a configuration: expected knob=value", item)};
  }
  const auto at = knob_from(reading.knobs, item.substr(0, equals));
  if (const auto* refusal = std::get_if<Refusal>(&at)) return *refusal;
  const std::size_t index = std::get<std::size_t>(at);
  const Knob& knob = reading.knobs[index];
  if (reading.given[index]) return Refusal{fmt::format("knob {} is given twice", knob.name)};
  const auto value = value_from(knob, item.substr(equals + 1));
  if (const auto* refusal = std::get_if<Refusal>(&value)) return *refusal;
  reading.values[index] = std::get<std::int64_t>(value);
  reading.given[index] = true;
  return std::nullopt;
}

}  // namespace

std::variant<Configuration, Refusal> read_configuration(std::span<const Knob> knobs,
                                                        std::string_view text) {
  Reading reading{.knobs = knobs};
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) break;
    const std::string_view item = text.substr(0, text.find(' '));
    text.remove_prefix(item.size());
    if (auto refusal = read_item(item, reading)) return std::move(*refusal);
  }
  const auto missing = std::find(reading.given.begin(), reading.given.end(), false);
  if (missing != reading.given.end()) {
    return Refusal{
        fmt::format("the configuration lacks knob {}",
                    knobs[static_cast<std::size_t>(missing - reading.given.begin())].name)};
  }
  return std::move(reading.values);
}

Configuration configuration_from(std::span<const Knob> knobs, std::string_view text) {
  auto read = read_configuration(knobs, text);
  if (const auto* refusal = std::get_if<Refusal>(&read)) throw Error(refusal->reason);
  return std::get<Configuration>(std::move(read));
}

}  // namespace tw
