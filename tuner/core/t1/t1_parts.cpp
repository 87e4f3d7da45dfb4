#include "core/t1/t1_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/python/python.h"

namespace tw {
namespace {

using nlohmann::json;

bool asks_for_nothing(const json& value) {
  if (value.is_string()) return value == "" || value == "0";
  if (value.is_number()) return value == 0;
  if (value.is_boolean()) return !value.get<bool>();
  return value.empty();  // null, [] and {}
}

}  // namespace

bool asks_for(const Place& object, const char* key) {
  return object.has(key) && !asks_for_nothing(object.at(key).json());
}

void refuse(const Place& object, std::initializer_list<NotDone> keys) {
  for (const NotDone& one : keys) {
    if (asks_for(object, one.key)) object.at(one.key).fail(one.remedy);
  }
}

T1Expressions::T1Expressions(const BareSpace& space, const Place& kernel)
    : space_(space), parameters_(parameters_of(space.knobs)) {
  if (!asks_for(kernel, "ProblemSize")) return;
  const Place size = kernel.at("ProblemSize");
  PythonConstant constant{.name = "ProblemSize", .values = {}, .is_list = size.json().is_array()};
  for (std::size_t i = 0; i < (constant.is_list ? size.array().size() : 1); ++i) {
    const auto value = this->constant(whole(constant.is_list ? size.element(i) : size));
    if (!value) return;  // it depends on parameters
    constant.values.push_back(*value);
  }
  constants_.push_back(std::move(constant));
}

template <class Translate>
std::string T1Expressions::translated(const Place& place, const Translate& translate) const {
  if (is_int64(place.json())) return std::to_string(place.json().get<std::int64_t>());
  if (place.json().is_number()) place.fail("is no whole number of 64 bits");
  if (!place.json().is_string()) place.fail("is neither a number nor a text: write one of them");
  std::string text;
  try {
    text = translate(place.text());
  } catch (const Error& error) {
    place.fail(error.what());
  }
  parse_translated(text, space_.names, place);
  return text;
}

std::string T1Expressions::whole(const Place& place) const {
  return translated(place,
                    [&](const std::string& text) { return whole_number_from(text, parameters_); });
}

std::string T1Expressions::size(const Place& place) const {
  return translated(
      place, [&](const std::string& text) { return size_from(text, parameters_, constants_); });
}

std::optional<std::int64_t> T1Expressions::constant(const std::string& whole) const {
  const Expr expr = Expr::parse(whole, space_.names);
  if (!expr.reads().empty()) return std::nullopt;
  const std::vector<std::int64_t> none(static_cast<std::size_t>(space_.names.size()));
  return expr.evaluate(none);
}

std::optional<std::int64_t> T1Expressions::largest(const std::string& whole,
                                                   const Place& place) const {
  constexpr std::size_t most = 10'000'000;
  const Expr expr = Expr::parse(whole, space_.names);
  std::vector<const Knob*> read;
  std::vector<std::int64_t> slots(static_cast<std::size_t>(space_.names.size()));
  std::size_t combinations = 1;
  for (const Knob& knob : space_.knobs) {
    const auto& slots_read = expr.reads();
    const int slot = *space_.names.find(knob.name);
    if (std::find(slots_read.begin(), slots_read.end(), slot) == slots_read.end()) continue;
    if (combinations > most / knob.values.size()) {
      place.fail("reads parameters with too many values in all: write the largest size");
    }
    combinations *= knob.values.size();
    read.push_back(&knob);
  }
  std::optional<std::int64_t> found;
  for (std::size_t at = 0; at < combinations; ++at) {
    std::size_t rest = at;
    for (const Knob* knob : read) {
      const auto slot = static_cast<std::size_t>(*space_.names.find(knob->name));
      slots[slot] = knob->values[rest % knob->values.size()];
      rest /= knob->values.size();
    }
    const auto value = expr.evaluate(slots);
    if (value && (!found || *value > *found)) found = value;
  }
  return found;
}

bool T1Expressions::is_parameter(const std::string& name) const {
  return space_.names.find(name).has_value();
}

}  // namespace tw
