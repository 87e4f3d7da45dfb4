#include "t1.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "error.h"
#include "python_expr.h"
#include "recording_parts.h"

namespace tw {
namespace {

using nlohmann::json;
using Kind = PythonNode::Kind;

PythonNode item_of(const json& value, const Place& place) {
  PythonNode node;
  if (value.is_string()) {
    node.kind = Kind::text;
    node.word = value.get<std::string>();
  } else if (value.is_boolean()) {
    node.value = value.get<bool>();
    node.is_bool = true;
  } else if (is_int64(value)) {
    node.value = value.get<std::int64_t>();
  } else {
    place.fail("has a value that is no integer, boolean or text");
  }
  return node;
}

// Values are a list in Python's syntax, or in JSON's.
std::vector<PythonNode> items_of(const Place& values) {
  std::vector<PythonNode> items;
  if (!values.json().is_string()) {
    if (values.array().size() > 65536) values.fail("has more than 65536 values");
    for (const json& value : values.array()) items.push_back(item_of(value, values));
    return items;
  }
  try {
    return python_items(parse_python(values.text()));
  } catch (const Error& error) {
    values.fail(error.what());
  }
}

void move_default_to_front(const Place& parameter, Knob& knob) {
  if (!parameter.has("Default")) return;
  const PythonNode item = item_of(parameter.at("Default").json(), parameter.at("Default"));
  const auto is_default = [&](std::int64_t value) {
    return knob.kind == Knob::Kind::word ? knob.words[static_cast<std::size_t>(value)] == item.word
                                         : value == item.value;
  };
  const auto at = std::find_if(knob.values.begin(), knob.values.end(), is_default);
  if (at == knob.values.end()) parameter.at("Default").fail("is not among the Values");
  std::rotate(knob.values.begin(), at, at + 1);
}

Knob knob_of(const Place& parameter) {
  Knob knob;
  knob.name = parameter.at("Name").text();
  const Place values = parameter.at("Values");
  const std::vector<PythonNode> items = items_of(values);
  if (items.empty()) values.fail("is empty");
  const auto all = [&](auto test) { return std::all_of(items.begin(), items.end(), test); };
  if (all([](const PythonNode& item) { return item.kind == Kind::text; })) {
    knob.kind = Knob::Kind::word;
  } else if (all([](const PythonNode& item) { return item.is_bool; })) {
    knob.kind = Knob::Kind::boolean;
  } else if (!all([](const PythonNode& item) { return item.kind == Kind::integer; })) {
    values.fail("mixes texts and numbers");
  }
  std::set<std::pair<std::int64_t, std::string>> seen;
  for (const PythonNode& item : items) {
    if (!seen.emplace(item.value, item.word).second) values.fail("has a value twice");
    const bool is_word = knob.kind == Knob::Kind::word;
    knob.values.push_back(is_word ? std::ssize(knob.words) : item.value);
    if (is_word) knob.words.push_back(item.word);
  }
  move_default_to_front(parameter, knob);
  return knob;
}

Constraint constraint_of(const Place& condition, const Names& names,
                         const std::set<std::string>& below_zero) {
  const Place expression = condition.at("Expression");
  try {
    const std::string text = condition_from(parse_python(expression.text()), names, below_zero);
    return {.reason = expression.text(), .expr = Expr::parse(text, names)};
  } catch (const Error& error) {
    expression.fail(error.what());
  }
}

json parse_document(const std::string& text, const std::string& path) {
  try {
    return json::parse(text);
  } catch (const json::exception&) {
    throw Error(fmt::format("{}: is not JSON: name a T1 file", path));
  }
}

}  // namespace

BareSpace parse_t1(const std::string& text, const std::string& path) {
  const json parsed = parse_document(text, path);
  const Place space = Place(parsed, path).at("ConfigurationSpace").object();
  BareSpace bare;
  std::set<std::string> below_zero;
  const Place parameters = space.at("TuningParameters");
  for (std::size_t i = 0; i < parameters.array().size(); ++i) {
    const Place parameter = parameters.element(i).object();
    Knob knob = knob_of(parameter);
    try {
      knob.kind == Knob::Kind::word ? bare.names.add(knob.name, knob.words)
                                    : bare.names.add(knob.name);
    } catch (const Error& error) {
      parameter.at("Name").fail(error.what());
    }
    if (*std::min_element(knob.values.begin(), knob.values.end()) < 0) below_zero.insert(knob.name);
    bare.knobs.push_back(std::move(knob));
  }
  if (bare.knobs.empty()) parameters.fail("is empty: a space needs at least one parameter");
  if (!space.has("Conditions")) return bare;
  const Place conditions = space.at("Conditions");
  for (std::size_t i = 0; i < conditions.array().size(); ++i) {
    bare.require.push_back(constraint_of(conditions.element(i).object(), bare.names, below_zero));
  }
  return bare;
}

}  // namespace tw
