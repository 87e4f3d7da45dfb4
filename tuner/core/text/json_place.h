// Parts of a JSON text that know where they stand, so that an error can say it.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text/json_document.h"

namespace tw {

// A value with its place for messages: "x.json: results[3].times: is not an object". If the value
// belongs to a JsonDocument, the message also has the line, the column and the value: "x.json:7:12:
// results[3].times = 5: is not an object". The JSON must outlive the Place.
class Place {
 public:
  Place(const nlohmann::json& value, std::string file, std::string where = "")
      : value_(&value), file_(std::move(file)), where_(std::move(where)) {}
  explicit Place(const JsonDocument& document) : value_(&document.root()), document_(&document) {}

  const nlohmann::json& json() const { return *value_; }
  [[noreturn]] void fail(std::string_view what) const;  // throws Error

  bool has(const char* name) const { return value_->is_object() && value_->contains(name); }
  Place at(const char* name) const;  // throws Error if it is missing
  const Place& object() const;       // itself; throws Error if it is no object
  // Throws Error, with the nearest of these keys, if the object has any other key.
  const Place& allow(std::initializer_list<const char*> keys) const;
  // The value as a type. Throws Error if it is of another type.
  const nlohmann::json::array_t& array() const;
  const std::string& text() const;
  double number() const;  // finite
  std::int64_t integer() const;
  std::vector<double> numbers() const;
  // Returns a member if it is there, else the fallback.
  std::string text_or(const char* name, std::string_view fallback) const;
  double number_or(const char* name, double fallback) const;
  std::int64_t integer_or(const char* name, std::int64_t fallback) const;
  // The element of an array.
  Place element(std::size_t index) const;

 private:
  Place member(const std::string& name, const nlohmann::json& value) const;

  const nlohmann::json* value_;
  std::string file_, where_;
  const JsonDocument* document_ = nullptr;
};

bool is_int64(const nlohmann::json& value);

}  // namespace tw
