// Writes messages between processes as CBOR, and reads their fields. No message is trusted: every
// reader throws Error "a message between processes is malformed (...)" if the message is wrong.
#pragma once
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace tw::cbor {

using json = nlohmann::json;

[[noreturn]] inline void malformed(const std::string& what) {
  throw Error(
      fmt::format("a message between processes is malformed ({}): run again, and report it "
                  "if it comes back",
                  what));
}

// Builds the JSON tree. Stops at a depth that none of our messages reaches, because the reader is
// recursive.
class BoundedBuilder : public nlohmann::detail::json_sax_dom_parser<json> {
 public:
  explicit BoundedBuilder(json& tree) : json_sax_dom_parser(tree, false) {}
  bool start_object(std::size_t size) {
    return ++depth_ <= max_depth && json_sax_dom_parser::start_object(size);
  }
  bool start_array(std::size_t size) {
    return ++depth_ <= max_depth && json_sax_dom_parser::start_array(size);
  }
  bool end_object() { return --depth_, json_sax_dom_parser::end_object(); }
  bool end_array() { return --depth_, json_sax_dom_parser::end_array(); }

 private:
  static constexpr int max_depth = 16;
  int depth_ = 0;
};

inline json tree_of(const std::string& bytes) {
  json tree;
  BoundedBuilder builder(tree);
  try {
    if (!json::sax_parse(bytes, &builder, json::input_format_t::cbor)) malformed("not CBOR");
  } catch (const json::exception& fault) {  // a size that no container can have
    malformed(fault.what());
  }
  return tree;
}

inline std::string bytes_of(const json& message) {
  std::string bytes;
  json::to_cbor(message, nlohmann::detail::output_adapter<char>(bytes));
  return bytes;
}

inline const json& at(const json& object, const char* key) {
  if (!object.is_object()) malformed("not an object");
  const auto found = object.find(key);
  if (found == object.end()) malformed(fmt::format("'{}' is missing", key));
  return *found;
}

inline std::int64_t integer_from(const json& value, std::int64_t low, std::int64_t high) {
  if (!value.is_number_integer()) malformed("not an integer");
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) malformed("too large");
  const auto result = value.get<std::int64_t>();
  if (result < low || result > high) malformed(fmt::format("{} is out of range", result));
  return result;
}

template <class T = std::int64_t>
T integer(const json& object, const char* key, std::int64_t low = std::numeric_limits<T>::min(),
          std::int64_t high = std::numeric_limits<T>::max()) {
  return static_cast<T>(integer_from(at(object, key), low, high));
}

inline std::uint64_t identifier(const json& object, const char* key) {
  const json& value = at(object, key);
  if (!value.is_number_unsigned()) malformed(fmt::format("'{}' is not an unsigned integer", key));
  return value.get<std::uint64_t>();
}

inline double real_from(const json& value) {
  if (!value.is_number()) malformed("not a number");
  return value.get<double>();
}
inline double real(const json& object, const char* key) { return real_from(at(object, key)); }

inline bool boolean(const json& object, const char* key) {
  const json& value = at(object, key);
  if (!value.is_boolean()) malformed(fmt::format("'{}' is not a boolean", key));
  return value.get<bool>();
}

inline const std::string& text_from(const json& value) {
  if (!value.is_string()) malformed("not a string");
  return value.get_ref<const std::string&>();
}
inline const std::string& text(const json& object, const char* key) {
  return text_from(at(object, key));
}

inline const json& array(const json& object, const char* key) {
  const json& value = at(object, key);
  if (!value.is_array()) malformed(fmt::format("'{}' is not an array", key));
  return value;
}

// Reads the array at `key`. Returns one element for each member of the array.
template <class Read>
auto list(const json& object, const char* key, const Read& read) {
  std::vector<std::decay_t<decltype(read(object))>> result;
  for (const json& item : array(object, key)) result.push_back(read(item));
  return result;
}

inline std::array<std::int64_t, 3> extent(const json& object, const char* key) {
  const json& value = array(object, key);
  if (value.size() != 3) malformed(fmt::format("'{}' has not three elements", key));
  std::array<std::int64_t, 3> result{};
  for (std::size_t i = 0; i < 3; ++i) result[i] = integer_from(value[i], 1, INT32_MAX);
  return result;
}

template <class T, class Write>
json listed(const std::vector<T>& items, const Write& write) {
  json result = json::array();
  for (const T& item : items) result.push_back(write(item));
  return result;
}

template <std::size_t kCount>
void read_values(const json& object, const char* key, std::int64_t (&values)[kCount],
                 std::int64_t low, std::int64_t high) {
  const json& from = array(object, key);
  if (from.size() != kCount) malformed(fmt::format("'{}'", key));
  for (std::size_t i = 0; i < kCount; ++i) values[i] = integer_from(from[i], low, high);
}

}  // namespace tw::cbor
