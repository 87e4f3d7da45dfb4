// The parts of the T1 reader. Private to t1*.cpp.
#pragma once
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_place.h"
#include "core/spec/spec.h"

namespace tw {

// `space` is the ConfigurationSpace.
BareSpace read_t1_space(const Place& space);

// A key of T1 that Tilewright does not support, and what the user can do instead.
struct NotDone {
  const char* key;
  const char* remedy;
};
// Throws Error if one of the keys is there and its value asks for something. The values null,
// false, 0, "", an empty list and an empty object ask for nothing.
void refuse(const Place& object, std::initializer_list<NotDone> keys);

// Returns a TOML string. JSON's escapes are also TOML's.
std::string toml_string(std::string_view text);

// The text of a TOML file. Knows for each line the place in the T1 file from which the line was
// made.
class SpecText {
 public:
  explicit SpecText(Place whole) : whole_(std::move(whole)) {}
  void add(const Place& origin, std::string_view lines);  // each line ends in '\n'
  void add(const SpecText& other);
  const std::string& text() const { return text_; }
  // Returns the origin of a line, counted from 1; the origin of the whole if there is no such line.
  const Place& origin(int line) const;

 private:
  Place whole_;
  std::string text_;
  std::vector<Place> origins_;
};

// Translates Python's numbers over the parameters into our expressions.
class T1Expressions {
 public:
  explicit T1Expressions(const BareSpace& space);
  std::string whole(const Place& place) const;
  // Returns the value of a number that reads no parameter; nothing if it reads one, or has no
  // value.
  std::optional<std::int64_t> constant(const std::string& whole) const;
  bool is_parameter(const std::string& name) const;

 private:
  const BareSpace& space_;
  std::set<std::string> below_zero_;
};

// The kernel's arguments as tables of op.toml and of the kernel's TOML.
struct T1Arguments {
  SpecText tables;  // [[dim]], [[tensor]], [[scalar]]
  // [let] of the kernel, so that its digest changes with the sizes. Sizes are defaults, which are
  // not in the name of a problem.
  SpecText sizes;
  std::vector<std::string> list;
  DType dtype{};
};
T1Arguments read_t1_arguments(const Place& kernel, const T1Expressions& expressions);

}  // namespace tw
