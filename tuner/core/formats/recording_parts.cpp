// Shifts decimal numbers, and infers knobs from the values in others' files.
#include "core/formats/recording_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>

#include "core/base/error.h"
#include "core/types/device_info_fields.h"

namespace tw {

using nlohmann::json;

double times_ten_to(double value, int exponent) {
  if (value == 0 || !std::isfinite(value)) return value;
  std::array<char, 48> buffer;
  char* const begin = buffer.data();
  char* const limit = begin + buffer.size();
  char* const end = std::to_chars(begin, limit, value, std::chars_format::scientific).ptr;
  char* const mark = std::find(begin, end, 'e');
  int power = 0;
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, power);
  char* const new_end = std::to_chars(mark + 1, limit, power + exponent).ptr;
  double shifted = 0;
  // A result out of range becomes infinite, and the readers of the number refuse it.
  if (std::from_chars(begin, new_end, shifted).ec != std::errc()) return HUGE_VAL;
  return shifted;
}

namespace {

// Returns the value as a word that the text of a configuration can hold.
std::string as_word(const json& value) {
  std::string word = value.is_string() ? value.get<std::string>()
                                       : value.dump(-1, ' ', false, json::error_handler_t::replace);
  for (char& c : word) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '=' || c == 0x7f) c = '_';
  }
  return word.empty() ? "_" : word;
}

// Returns the name as a name of a knob that the text of a configuration can hold.
std::string as_identifier(std::string name) {
  for (char& c : name) {
    const bool fits = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!fits) c = '_';
  }
  return name.empty() || (name[0] >= '0' && name[0] <= '9') ? "_" + name : name;
}

// Appends underscores until the text is new.
std::string unique(std::string text, std::set<std::string>& taken) {
  while (!taken.insert(text).second) text += '_';
  return text;
}

}  // namespace

ForeignTable::ForeignTable(std::vector<std::string> names) : offered_(names.size()) {
  std::set<std::string> taken;
  for (std::string& name : names) names_.push_back(unique(as_identifier(std::move(name)), taken));
}

void ForeignTable::offer(std::size_t column, const json& value) {
  offered_[column].push_back(&value);
}

void ForeignTable::add(const json& value) { cells_.push_back(&value); }

// Writes the values of one column into every columns()-th element of `cells`.
Knob ForeignTable::infer(std::size_t column, std::vector<std::int64_t>& cells,
                         const Place& document) const {
  std::vector<const json*> values = offered_[column];
  for (std::size_t i = column; i < cells_.size(); i += columns()) values.push_back(cells_[i]);
  Knob knob;
  knob.name = names_[column];
  const auto all = [&](auto test) {
    return std::all_of(values.begin(), values.end(),
                       [&](const json* value) { return test(*value); });
  };
  std::unordered_map<std::string, std::int64_t> word_values;
  std::set<std::string> taken;
  std::function<std::int64_t(const json&)> value_of;
  if (all(is_int64)) {
    knob.kind = Knob::Kind::integer;
    value_of = [](const json& value) { return value.get<std::int64_t>(); };
  } else if (all([](const json& value) { return value.is_boolean(); })) {
    knob.kind = Knob::Kind::boolean;
    value_of = [](const json& value) { return std::int64_t{value.get<bool>()}; };
  } else {
    if (!all([](const json& value) { return value.is_primitive(); })) {
      document.fail(fmt::format("the parameter {} has a list or an object as a value", knob.name));
    }
    knob.kind = Knob::Kind::word;
    value_of = [&](const json& value) {
      std::string raw = value.dump(-1, ' ', false, json::error_handler_t::replace);
      const auto next = static_cast<std::int64_t>(knob.words.size());
      const auto [entry, is_new] = word_values.emplace(std::move(raw), next);
      if (is_new) knob.words.push_back(unique(as_word(value), taken));
      return entry->second;
    };
  }
  std::set<std::int64_t> seen;
  const std::size_t offered = offered_[column].size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::int64_t value = value_of(*values[i]);
    if (seen.insert(value).second) knob.values.push_back(value);
    if (i >= offered) cells[(i - offered) * columns() + column] = value;
  }
  // The order in which rows mention numbers has no meaning.
  if (offered == 0 && knob.kind != Knob::Kind::word) {
    std::sort(knob.values.begin(), knob.values.end());
  }
  return knob;
}

void ForeignTable::finish(Recording& recording, const Place& document) {
  std::vector<std::int64_t> cells(cells_.size());
  for (std::size_t column = 0; column < columns(); ++column) {
    recording.knobs.push_back(infer(column, cells, document));
    if (recording.knobs.back().values.size() > 65535) {
      document.fail(fmt::format("the parameter {} has more than 65535 values", names_[column]));
    }
  }
  auto cell = cells.begin();
  for (RecordedTrial& trial : recording.trials) {
    trial.configuration.assign(cell, cell + static_cast<std::ptrdiff_t>(columns()));
    cell += static_cast<std::ptrdiff_t>(columns());
  }
  drop_repeated(recording.trials);
}

void drop_repeated(std::vector<RecordedTrial>& trials) {
  std::map<std::span<const std::int64_t>, std::size_t,
           decltype([](std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
             return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
           })>
      last;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    last.insert_or_assign(trials[i].configuration, i);
  }
  if (last.size() == trials.size()) return;
  std::vector<bool> kept(trials.size());
  for (const auto& [configuration, index] : last) kept[index] = true;
  last.clear();
  std::size_t next = 0;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (!kept[i]) continue;
    if (next != i) trials[next] = std::move(trials[i]);
    ++next;
  }
  trials.resize(next);
}

json device_block(const DeviceInfo& device) {
  json block;
  each_field(device_fields, [&](const auto& field) { block[field.name] = field.of(device); });
  return block;
}

}  // namespace tw
