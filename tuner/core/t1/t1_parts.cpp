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

T1Expressions::T1Expressions(const BareSpace& space)
    : space_(space), parameters_(parameters_of(space.knobs)) {}

std::string T1Expressions::whole(const Place& place) const {
  if (is_int64(place.json())) return std::to_string(place.json().get<std::int64_t>());
  if (place.json().is_number()) place.fail("is no whole number of 64 bits");
  std::string text;
  try {
    text = whole_number_from(place.text(), parameters_);
  } catch (const Error& error) {
    place.fail(error.what());
  }
  parse_translated(text, space_.names, place);
  return text;
}

std::optional<std::int64_t> T1Expressions::constant(const std::string& whole) const {
  const Expr expr = Expr::parse(whole, space_.names);
  if (!expr.reads().empty()) return std::nullopt;
  const std::vector<std::int64_t> none(static_cast<std::size_t>(space_.names.size()));
  return expr.evaluate(none);
}

bool T1Expressions::is_parameter(const std::string& name) const {
  return space_.names.find(name).has_value();
}

}  // namespace tw
