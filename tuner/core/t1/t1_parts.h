// The parts of the T1 reader. Private to t1*.cpp.
#pragma once
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_place.h"
#include "core/python/python.h"
#include "core/spec/generated_specs.h"
#include "core/spec/spec.h"

namespace tw {

// Returns the knobs as Python's expressions see them.
std::vector<PythonParameter> parameters_of(std::span<const Knob> knobs);

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

using T1SpecText = SpecText<Place>;

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
  std::vector<PythonParameter> parameters_;
};

// The kernel's arguments as tables of op.toml and of the kernel's TOML.
struct T1Arguments {
  T1SpecText tables;  // [[dim]], [[tensor]], [[scalar]]
  // [let] of the kernel, so that its digest changes with the sizes. Sizes are defaults, which are
  // not in the name of a problem.
  T1SpecText sizes;
  std::vector<std::string> list;
  DType dtype{};
};
T1Arguments read_t1_arguments(const Place& kernel, const T1Expressions& expressions);

}  // namespace tw
