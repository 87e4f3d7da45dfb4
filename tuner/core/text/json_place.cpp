#include "core/text/json_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/text/nearest.h"
#include "core/text/toml_file.h"

namespace tw {

using nlohmann::json;

namespace {

[[noreturn]] void fail_in_one_line(std::string line) {
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';  // control characters in the file's names
  }
  throw Error(line);
}

// Returns " = 5" if the value fits on one line of a message, else "". Also returns "" if `what`
// already begins with the value, as the messages about expressions do.
std::string shown(const json& value, std::string_view what) {
  constexpr std::size_t most = 60;
  if (value.is_structured() && !value.empty()) return "";
  if (value.is_string() &&
      what.starts_with(fmt::format("'{}', column", value.get_ref<const std::string&>()))) {
    return "";
  }
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() > most ? "" : " = " + text;
}

}  // namespace

void Place::fail(std::string_view what) const {
  if (!document_) {
    fail_in_one_line(fmt::format("{}: {}{}{}", file_, where_, where_.empty() ? "" : ": ", what));
  }
  fail_in_one_line(fmt::format("{}: {}{}{}{}", document_->place_of(*value_), where_,
                               where_.empty() ? "" : shown(*value_, what),
                               where_.empty() ? "" : ": ", what));
}

Place Place::member(const std::string& name, const nlohmann::json& value) const {
  Place member = *this;
  member.value_ = &value;
  member.where_ = where_.empty() ? name : fmt::format("{}.{}", where_, name);
  return member;
}

Place Place::at(const char* name) const {
  object();
  const auto found = value_->find(name);
  if (found == value_->end()) {
    fail(fmt::format("has no member \"{}\"{}", name, document_ ? ": add it" : ""));
  }
  return member(name, *found);
}

Place Place::element(std::size_t index) const {
  Place element = *this;
  element.value_ = &array()[index];
  element.where_ = fmt::format("{}[{}]", where_, index);
  return element;
}

const Place& Place::object() const {
  if (!value_->is_object()) fail("is not an object");
  return *this;
}

const Place& Place::allow(std::initializer_list<const char*> keys) const {
  for (const auto& [key, value] : object().json().items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    const std::string wrong =
        fmt::format("{}: unknown key, remove it or mend it{}", member(key, value).where_,
                    suggestion(key, std::vector<std::string>(keys.begin(), keys.end())));
    fail_in_one_line(
        fmt::format("{}: {}", document_ ? document_->place_of_key(value) : file_, wrong));
  }
  return *this;
}

const json::array_t& Place::array() const {
  if (!value_->is_array()) fail("is not a list");
  return value_->get_ref<const json::array_t&>();
}

const std::string& Place::text() const {
  if (!value_->is_string()) fail("is not a string");
  return value_->get_ref<const std::string&>();
}

double Place::number() const {
  if (!value_->is_number()) fail("is not a number");
  const double number = value_->get<double>();
  if (!std::isfinite(number)) fail("is not a finite number");
  return number;
}

std::int64_t Place::integer() const {
  if (!is_int64(*value_)) fail("is not an integer of 64 bits");
  return value_->get<std::int64_t>();
}

std::vector<double> Place::numbers() const {
  std::vector<double> numbers;
  const json::array_t& values = array();
  numbers.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double number = values[i].is_number() ? values[i].get<double>() : HUGE_VAL;
    if (!std::isfinite(number)) element(i).fail("is not a finite number");
    numbers.push_back(number);
  }
  return numbers;
}

std::string Place::text_or(const char* name, std::string_view fallback) const {
  return has(name) ? at(name).text() : std::string(fallback);
}
double Place::number_or(const char* name, double fallback) const {
  return has(name) ? at(name).number() : fallback;
}
std::int64_t Place::integer_or(const char* name, std::int64_t fallback) const {
  return has(name) ? at(name).integer() : fallback;
}

bool is_int64(const json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>() <= INT64_MAX;
  return value.is_number_integer();
}

}  // namespace tw
