// Reads the ConfigurationSpace of a T1 file.
#include "core/t1/t1.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/python/python.h"
#include "core/t1/t1_parts.h"

namespace tw {
namespace {

using nlohmann::json;
using Kind = PythonItem::Kind;

PythonItem item_of(const json& value, const Place& place) {
  PythonItem item;
  if (value.is_string()) {
    item.kind = Kind::text;
    item.text = value.get<std::string>();
  } else if (value.is_boolean()) {
    item.value = value.get<bool>();
    item.is_bool = true;
  } else if (is_int64(value)) {
    item.value = value.get<std::int64_t>();
  } else if (value.is_number_float()) {
    return python_items(fmt::format("[{}]", value.dump())).front();
  } else {
    place.fail("has a value that is no number, boolean or text");
  }
  return item;
}

constexpr std::size_t most_values = 65535;

// Returns the values, which are a list in the syntax of Python or of JSON.
std::vector<PythonItem> items_of(const Place& values) {
  std::vector<PythonItem> items;
  if (!values.json().is_string()) {
    for (const json& value : values.array()) items.push_back(item_of(value, values));
    return items;
  }
  try {
    items = python_items(values.text());
  } catch (const Error& error) {
    values.fail(error.what());
  }
  return items;
}

// Returns where the Default is among the values; the end if it is none of them.
std::vector<std::int64_t>::iterator find_default(const Place& place, Knob& knob) {
  if (place.json().is_array()) return knob.values.end();
  const PythonItem item = item_of(place.json(), place);
  const bool is_word = knob.kind == Knob::Kind::word;
  const auto is_default = [&](std::int64_t value) {
    if (is_word != (item.kind == Kind::text)) return false;
    if (is_word) return knob.words[static_cast<std::size_t>(value)] == item.text;
    return item.below <= knob.below && value == item.value * (knob.below / item.below);
  };
  return std::find_if(knob.values.begin(), knob.values.end(), is_default);
}

// Other tuners do not read the Default, so that files have some that are none of the values. Then
// the first value stays the default.
void move_default_to_front(const Place& parameter, Knob& knob) {
  if (!parameter.has("Default")) return;
  const auto at = find_default(parameter.at("Default"), knob);
  if (at != knob.values.end()) std::rotate(knob.values.begin(), at, at + 1);
}

Knob::Kind kind_of(const std::vector<PythonItem>& items, const Place& values) {
  const auto all = [&](auto test) { return std::all_of(items.begin(), items.end(), test); };
  if (all([](const PythonItem& item) { return item.kind == Kind::text; })) return Knob::Kind::word;
  if (all([](const PythonItem& item) { return item.is_bool; })) return Knob::Kind::boolean;
  if (!all([](const PythonItem& item) { return item.kind == Kind::number; })) {
    values.fail("mixes texts and numbers: write one of them");
  }
  return Knob::Kind::integer;
}

// The Type says what a macro of the parameter means in the source, so the values must have that
// type.
void check_type(const Place& parameter, const Knob& knob) {
  if (!parameter.has("Type")) return;
  const Place place = parameter.at("Type");
  const std::string& type = place.text();
  const bool is_word = knob.kind == Knob::Kind::word;
  const auto [least, most] = std::minmax_element(knob.values.begin(), knob.values.end());
  if (type != "int" && type != "uint" && type != "float" && type != "bool" && type != "string") {
    place.fail("is none of int, uint, float, bool and string: write one of them");
  }
  if (knob.below != 1 && type != "float") {
    place.fail("is not the type of the Values, which have decimals: write float");
  }
  if (is_word && type != "string") {
    parameter.at("Values").fail("are texts, which the Type is not: mend one of them");
  }
  if (!is_word && type == "string") place.fail("is not the type of the Values: mend one of them");
  if (type == "uint" && *least < 0) place.fail("has no values below zero: write int");
  if (type == "bool" && (*least < 0 || *most > 1)) {
    place.fail("has no values but True and False: write int");
  }
}

// Returns the power of ten of which all values are multiples. Decimals need one even if they are
// whole, as 1.0 is.
std::int64_t below_of(const std::vector<PythonItem>& items, const Place& values) {
  constexpr std::int64_t most = 1'000'000'000;
  std::int64_t below = 1;
  for (const PythonItem& item : items) {
    if (item.is_real) below = std::max<std::int64_t>(below, 10);
    while (below < most && below % item.below != 0) below *= 10;
    const std::int64_t units = below / item.below;
    if (below % item.below != 0 || std::abs(item.value) > std::int64_t{1} << 52 ||
        std::abs(item.value) * units > std::int64_t{1} << 52) {
      values.fail("has a value with more than 9 decimals, or too large: write it shorter");
    }
  }
  return below;
}

Knob knob_of(const Place& parameter) {
  parameter.allow({"Name", "Type", "Values", "Default"});
  Knob knob;
  knob.name = parameter.at("Name").text();
  const Place values = parameter.at("Values");
  const std::vector<PythonItem> items = items_of(values);
  if (items.empty()) values.fail("is empty: write at least one value");
  if (items.size() > most_values) values.fail("has more than 65535 values: write fewer");
  knob.kind = kind_of(items, values);
  knob.below = below_of(items, values);
  std::set<std::pair<std::int64_t, std::string>> seen;
  for (const PythonItem& item : items) {
    const std::int64_t number = item.value * (knob.below / item.below);
    if (!seen.emplace(number, item.text).second) values.fail("has a value twice: remove one");
    const bool is_word = knob.kind == Knob::Kind::word;
    knob.values.push_back(is_word ? std::ssize(knob.words) : number);
    if (is_word) knob.words.push_back(item.text);
  }
  check_type(parameter, knob);
  move_default_to_front(parameter, knob);
  return knob;
}

void add_name(const Place& name, const Knob& knob, Names& names) {
  if (!is_identifier(knob.name)) name.fail("is no name: use letters, digits and _");
  if (names.find(knob.name)) name.fail("is the name of another parameter: use another one");
  try {
    knob.kind == Knob::Kind::word ? names.add(knob.name, knob.words) : names.add(knob.name);
  } catch (const Error& error) {
    name.fail(error.what());
  }
}

Constraint constraint_of(const Place& condition, const Names& names,
                         std::span<const PythonParameter> known) {
  condition.allow({"Parameters", "Expression"});
  if (condition.has("Parameters")) {
    const Place parameters = condition.at("Parameters");
    for (std::size_t i = 0; i < parameters.array().size(); ++i) {
      if (names.find(parameters.element(i).text())) continue;
      parameters.element(i).fail("is no parameter: mend the name or remove it");
    }
  }
  const Place expression = condition.at("Expression");
  const std::string& python = expression.text();
  std::string text;
  try {
    text = condition_from(python, known);
  } catch (const Error& error) {
    expression.fail(error.what());
  }
  return {.reason = python, .expr = parse_translated(text, names, expression)};
}

}  // namespace

Expr parse_translated(const std::string& text, const Names& names, const Place& place) {
  try {
    return Expr::parse(text, names);
  } catch (const Error&) {  // only its size can be at fault
    place.fail("is too long or nested too deeply as an expression of ours: split it");
  }
}

std::vector<PythonParameter> parameters_of(std::span<const Knob> knobs) {
  std::vector<PythonParameter> parameters;
  for (const Knob& knob : knobs) {
    PythonParameter& parameter = parameters.emplace_back();
    parameter.name = knob.name;
    parameter.values = knob.values;
    parameter.below = knob.below;
    parameter.is_real = knob.below != 1;
    parameter.is_bool = knob.kind == Knob::Kind::boolean;
    parameter.words = knob.words;
  }
  return parameters;
}

std::vector<std::string> unused_defaults(const Place& parameters, const BareSpace& space) {
  std::vector<std::string> notices;
  for (std::size_t i = 0; i < space.knobs.size(); ++i) {
    const Place parameter = parameters.element(i);
    if (!parameter.has("Default")) continue;
    const Place place = parameter.at("Default");
    Knob knob = space.knobs[i];
    if (find_default(place, knob) != knob.values.end()) continue;
    notices.push_back(fmt::format("the Default of {}, {}, is none of its Values: the default is {}",
                                  knob.name, place.json().dump(), knob.text(knob.values.front())));
  }
  return notices;
}

BareSpace read_t1_space(const Place& space) {
  space.allow({"TuningParameters", "Conditions"});
  BareSpace bare;
  const Place parameters = space.at("TuningParameters");
  for (std::size_t i = 0; i < parameters.array().size(); ++i) {
    const Place parameter = parameters.element(i).object();
    Knob knob = knob_of(parameter);
    add_name(parameter.at("Name"), knob, bare.names);
    bare.knobs.push_back(std::move(knob));
  }
  if (bare.knobs.empty()) parameters.fail("is empty: a space needs at least one parameter");
  if (!space.has("Conditions")) return bare;
  const Place conditions = space.at("Conditions");
  const std::vector<PythonParameter> known = parameters_of(bare.knobs);
  for (std::size_t i = 0; i < conditions.array().size(); ++i) {
    bare.require.push_back(constraint_of(conditions.element(i).object(), bare.names, known));
  }
  return bare;
}

BareSpace parse_t1(const std::string& text, const std::string& path) {
  const JsonDocument document(text, path);
  return read_t1_space(Place(document).at("ConfigurationSpace").object());
}

}  // namespace tw
