// The parts of reading a T1 file. Private to t1*.cpp.
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

// `space`: the ConfigurationSpace.
BareSpace read_t1_space(const Place& space);

// A key that T1 knows and we do not do, and what the user can do instead.
struct NotDone {
  const char* key;
  const char* remedy;
};
// Throws Error if one of the keys is there and its value asks for something: null, false, 0, "",
// an empty list and an empty object do not.
void refuse(const Place& object, std::initializer_list<NotDone> keys);

// A TOML string; JSON's escapes are TOML's, too.
std::string toml_string(std::string_view text);

// A TOML file in the making, with the place in the T1 file that each line was made of.
class SpecText {
 public:
  explicit SpecText(Place whole) : whole_(std::move(whole)) {}
  void add(const Place& origin, std::string_view lines);  // that end in '\n'
  void add(const SpecText& other);
  const std::string& text() const { return text_; }
  // Of the line, counted from 1; of the whole if there is none.
  const Place& origin(int line) const;

 private:
  Place whole_;
  std::string text_;
  std::vector<Place> origins_;
};

// Python's numbers over the parameters, as expressions of ours.
class T1Expressions {
 public:
  explicit T1Expressions(const BareSpace& space);
  std::string whole(const Place& place) const;
  // The value of a number that reads no parameter; none if it reads one, or has no value.
  std::optional<std::int64_t> constant(const std::string& whole) const;
  bool is_parameter(const std::string& name) const;

 private:
  const BareSpace& space_;
  std::set<std::string> below_zero_;
};

// The kernel's arguments as tables of op.toml and of the kernel's TOML.
struct T1Arguments {
  SpecText tables;  // [[dim]], [[tensor]], [[scalar]]
  // [let] of the kernel: its digest is then another for other sizes, which as defaults are in no
  // problem's name.
  SpecText sizes;
  std::vector<std::string> list;
  DType dtype{};
};
T1Arguments read_t1_arguments(const Place& kernel, const T1Expressions& expressions);

}  // namespace tw
