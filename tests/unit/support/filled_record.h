// Gives each field of a record another value, by the record's table. So a format that forgets a
// field, or takes one for another, is found.
#pragma once
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/fields.h"

namespace tw {

inline void set_to(int n, std::string& value) { value = "text " + std::to_string(n); }
inline void set_to(int n, std::vector<double>& value) { value = {n + 0.25, n + 0.5}; }
inline void set_to(int n, std::map<std::string, double>& value) { value = {{"x", n + 0.25}}; }
template <class Value>
void set_to(int n, Value& value) {
  if constexpr (std::is_enum_v<Value>) {
    value = static_cast<Value>(1);
  } else {
    value = static_cast<Value>(n + (std::is_floating_point_v<Value> ? 0.25 : 0));
  }
}

// Numbers the values from `n` on.
template <class Record, class Table>
void fill(Record& record, const Table& table, int n) {
  int next = n;
  each_field(table, [&](const auto& field) { set_to(next++, field.of(record)); });
  // A member that the table has twice holds the later value.
  next = n;
  each_field(table, [&](const auto& field) {
    auto expected = field.of(record);
    set_to(next++, expected);
    EXPECT_EQ(field.of(record), expected) << field.name << " is in its table twice";
  });
}

template <class Record, class Table>
void expect_equal_fields(const Record& a, const Record& b, const Table& table) {
  each_field(table, [&](const auto& field) { EXPECT_EQ(field.of(a), field.of(b)) << field.name; });
}

}  // namespace tw
