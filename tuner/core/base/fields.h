// Tables of the fields of records. Messages, files and the database are made from them, so that a
// new field is one line in its record and one in its table.
#pragma once
#include <array>
#include <cstddef>
#include <tuple>

namespace tw {

// A field of a record: its name in messages, files and the database, and its member.
template <class Record, class Value>
struct RecordField {
  const char* name;
  Value Record::*member;

  constexpr Value& of(Record& record) const { return record.*member; }
  constexpr const Value& of(const Record& record) const { return record.*member; }
};
template <class Record, class Value>
RecordField(const char*, Value Record::*) -> RecordField<Record, Value>;

// A field of a part of a record.
template <class Record, class Part, class Value>
struct PartField {
  const char* name;
  Part Record::*part;
  Value Part::*member;

  constexpr Value& of(Record& record) const { return record.*part.*member; }
  constexpr const Value& of(const Record& record) const { return record.*part.*member; }
};
template <class Record, class Part, class Value>
PartField(const char*, Part Record::*, Value Part::*) -> PartField<Record, Part, Value>;

// Returns the table of a part as a table of the record.
template <class Record, class Part, class... Fields>
constexpr auto fields_in(Part Record::*part, const std::tuple<Fields...>& table) {
  return std::apply(
      [part](const auto&... field) {
        return std::tuple{PartField{field.name, part, field.member}...};
      },
      table);
}

// Calls `visit` with each field of a table, in order. A table is a tuple of fields.
template <class Visit, class... Fields>
constexpr void each_field(const std::tuple<Fields...>& table, Visit&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, table);
}

template <class... Fields>
constexpr std::array<const char*, sizeof...(Fields)> names_of(const std::tuple<Fields...>& table) {
  return std::apply([](const auto&... field) { return std::array{field.name...}; }, table);
}

// Converts to a value of any type. Only for expressions that are not evaluated.
struct AnyValue {
  template <class Value>
  operator Value() const;
};

// Returns the number of members of an aggregate, which its table must reach.
template <class Record, class... Values>
constexpr std::size_t member_count() {
  if constexpr (requires { Record{Values{}..., AnyValue{}}; }) {
    return member_count<Record, Values..., AnyValue>();
  } else {
    return sizeof...(Values);
  }
}

}  // namespace tw
