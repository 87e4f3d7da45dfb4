// The parts of the T1 reader. Private to t1*.cpp.
#pragma once
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/python/python.h"
#include "core/spec/generated_specs.h"
#include "core/spec/spec.h"
#include "core/text/json_place.h"

namespace tw {

// Returns the knobs as Python's expressions see them.
std::vector<PythonParameter> parameters_of(std::span<const Knob> knobs);

// Parses what was translated from the Python at a place.
Expr parse_translated(const std::string& text, const Names& names, const Place& place);

// `space` is the ConfigurationSpace.
BareSpace read_t1_space(const Place& space);
// Returns a sentence for each Default that is none of the values of its parameter.
std::vector<std::string> unused_defaults(const Place& parameters, const BareSpace& space);

// A key of T1 that Tilewright does not support, and what the user can do instead.
struct NotDone {
  const char* key;
  const char* remedy;
};
// Throws Error if one of the keys is there and its value asks for something. The values null,
// false, 0, "", an empty list and an empty object ask for nothing.
void refuse(const Place& object, std::initializer_list<NotDone> keys);

using T1SpecText = SpecText<Place>;

// Returns whether the key is there and its value asks for something.
bool asks_for(const Place& object, const char* key);

// Translates Python's numbers over the parameters into our expressions.
class T1Expressions {
 public:
  // `kernel` is the KernelSpecification.
  T1Expressions(const BareSpace& space, const Place& kernel);
  std::string whole(const Place& place) const;
  // The same for the Size of a vector, which may read ProblemSize, and parameters as lists.
  std::string size(const Place& place) const;
  // Returns the value of a number that reads no parameter; nothing if it reads one, or has no
  // value.
  std::optional<std::int64_t> constant(const std::string& whole) const;
  // Returns the largest value over all values of the parameters that a number reads, whether or not
  // the conditions hold; nothing if it has no value. Throws Error if there are too many to try.
  std::optional<std::int64_t> largest(const std::string& whole, const Place& place) const;
  bool is_parameter(const std::string& name) const;

 private:
  template <class Translate>
  std::string translated(const Place& place, const Translate& translate) const;

  const BareSpace& space_;
  std::vector<PythonParameter> parameters_;
  std::vector<PythonConstant> constants_;
};

// The type of an argument.
struct T1Type {
  DType dtype = DType::f32;
  int count = 1;  // of a vector type, 4 for float4; bytes of a struct, which is u8
  bool is_bool = false;
  int bytes() const { return size_of(dtype) * count; }
};
// Reads the Type of an argument, and its TypeSize.
T1Type read_t1_type(const Place& argument);

// Returns the lines of a [[tensor]] that say which values an input has: FillType, FillValue and
// DataSource. Returns nothing where they are those of every input.
std::string t1_values(const Place& argument, const T1Type& type, std::int64_t elements,
                      bool has_references);
// Checks the same of a vector that the kernel only writes: its first values do not matter.
void check_t1_fill(const Place& argument);
// Returns the lines of a [[tensor]] that say which results are right, from the member of
// ReferenceArguments whose TargetName the tensor is. Returns nothing if there is none.
std::string t1_expected(const Place& kernel, const std::string& name, const T1Type& type,
                        std::int64_t elements);

// Checks that ReferenceArguments, if there are any, have one for each result, and that the values
// of inputs are known. The arguments are those that the kernel reads and writes, by name.
void check_t1_references(const Place& kernel, const std::map<std::string, Place>& inputs,
                         const std::map<std::string, Place>& results);

// The kernel's arguments as tables of op.toml and of the kernel's TOML.
struct T1Arguments {
  T1SpecText tables;  // [[dim]], [[tensor]], [[scalar]]
  // [let] of the kernel, so that its digest changes with the sizes. Sizes are defaults, which are
  // not in the name of a problem.
  T1SpecText sizes;
  T1SpecText constants;  // [[constant]] of the kernel
  std::vector<std::string> list;
  std::vector<std::string> shared;  // bytes of dynamic shared memory, to be added up
  std::vector<std::string> notices;
  DType dtype{};
  int align =
      0;  // bytes to which the types of the vectors are aligned; 0 if their numbers are, too
};
// `parameters` is the number of the kernel's parameters, if it is known.
T1Arguments read_t1_arguments(const Place& kernel, const T1Expressions& expressions,
                              std::optional<std::size_t> parameters);

}  // namespace tw
