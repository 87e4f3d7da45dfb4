// Reads the Arguments of a T1 file.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <set>

#include "core/base/error.h"
#include "core/base/toml_text.h"
#include "core/spec/spec_reader.h"
#include "core/t1/t1_parts.h"

namespace tw {
namespace {

// The type of a scalar: a float, or an integer of so many bytes.
struct ScalarType {
  int bytes = 4;
  bool is_float = false, is_unsigned = false;
};

std::optional<ScalarType> scalar_type(const std::string& type) {
  if (type == "float" || type == "float32") return ScalarType{.is_float = true};
  if (type == "int" || type == "int32") return ScalarType{};
  if (type == "uint" || type == "uint32") return ScalarType{.is_unsigned = true};
  if (type == "long" || type == "int64") return ScalarType{.bytes = 8};
  if (type == "ulong" || type == "uint64") return ScalarType{.bytes = 8, .is_unsigned = true};
  return std::nullopt;
}

std::optional<DType> vector_type(const std::string& type) {
  if (type == "float" || type == "float32") return DType::f32;
  if (type == "half" || type == "float16") return DType::f16;
  if (type == "bfloat16") return DType::bf16;
  return std::nullopt;
}

void check_type_size(const Place& argument, int bytes) {
  if (!argument.has("TypeSize") || argument.at("TypeSize").integer() == bytes) return;
  argument.at("TypeSize").fail(fmt::format("is not the size of the Type, {} bytes", bytes));
}

void check_mem_type(const Place& argument, std::string_view same) {
  const std::string type = argument.text_or("MemType", "");
  if (type.empty() || type == same) return;
  argument.at("MemType").fail(
      type == "Constant"
          ? "nothing is copied to __constant__ memory: let the kernel take a pointer "
            "to const, as in const float* taps, and remove it"
          : "is not a place that we put arguments in: remove it");
}

// Checks the requested values: inputs are always random numbers, and results are always poisoned
// before they are written.
void check_fill(const Place& argument, bool is_read) {
  refuse(argument, {{"DataSource",
                     "inputs are random numbers here, from no file or formula: remove "
                     "it, or compute the values in the kernel"},
                    {"RandomSeed", "the seed of random numbers is tune's: remove it"}});
  const std::string fill = argument.text_or("FillType", "");
  if (fill != "" && fill != "Random" && fill != "Uninitialized" && fill != "Constant") {
    argument.at("FillType").fail("inputs are random numbers here: write Random");
  }
  if (argument.has("FillValue") && !argument.at("FillValue").json().is_null()) {
    argument.at("FillValue").number();
  }
  if (!is_read) return;
  if (fill == "Constant") {
    argument.at("FillType")
        .fail(
            "inputs are random numbers here, not one value: write Random, or "
            "set the value in the kernel");
  }
  const bool has_value = argument.has("FillValue") && !argument.at("FillValue").json().is_null();
  if (has_value && argument.at("FillValue").number() != 1) {
    argument.at("FillValue")
        .fail(
            "random numbers are between -1 and 1 here: write 1 or remove it, "
            "and scale them in the kernel");
  }
}

// Checks that Output agrees with AccessType, which decides what a result is.
void check_output(const Place& argument, bool is_output) {
  if (!argument.has("Output")) return;
  const Place output = argument.at("Output");
  const bool is_flag = output.json().is_boolean() || output.json() == 0 || output.json() == 1;
  if (!is_flag) output.fail("is neither 0 nor 1");
  if ((output.json() == 1 || output.json() == true) != is_output) {
    output.fail(
        "does not agree with AccessType, by which vectors that a kernel writes are results: "
        "mend one of them");
  }
}

class Reader {
 public:
  Reader(const Place& all, const T1Expressions& expressions)
      : expressions_(expressions), result_{T1SpecText(all), T1SpecText(all), {}, {}} {}

  T1Arguments read(const Place& all) {
    for (std::size_t i = 0; i < all.array().size(); ++i) add(all.element(i).object());
    if (!dtype_) all.fail("has no vector: a kernel needs one for its results");
    if (!writes_) {
      all.fail(
          "has no vector that the kernel writes: set the AccessType of its results to "
          "WriteOnly or ReadWrite");
    }
    result_.dtype = *dtype_;
    return std::move(result_);
  }

 private:
  void add(const Place& argument) {
    argument.allow({"Name", "Type", "MemoryType", "AccessType", "Size", "TypeSize", "FillType",
                    "FillValue", "DataSource", "RandomSeed", "MemType", "Output"});
    const std::string& memory = argument.at("MemoryType").text();
    if (memory == "Vector") {
      add_vector(argument);
    } else if (memory == "Scalar") {
      add_scalar(argument);
    } else {
      argument.at("MemoryType").fail("is neither Vector nor Scalar: others are not passed on");
    }
  }

  std::string new_name(const Place& argument) {
    const Place place = argument.at("Name");
    const std::string& name = place.text();
    if (!is_identifier(name)) place.fail("is no name: use letters, digits and _");
    if (Scope().is(name, Scope::Kind::reserved)) {
      place.fail("is a word of the expressions: use another name");
    }
    take(place, name);
    return name;
  }
  void take(const Place& place, const std::string& name) {
    if (expressions_.is_parameter(name)) {
      place.fail(fmt::format("'{}' is the name of a parameter, too: use another name", name));
    }
    if (names_.insert(name).second) return;
    place.fail(fmt::format("'{}' is the name of another argument, too: use another name", name));
  }

  Role role_of(const Place& argument) {
    const std::string access = argument.text_or("AccessType", "ReadWrite");
    if (access == "ReadOnly") return Role::in;
    if (access == "WriteOnly") return Role::out;
    if (access == "ReadWrite") return Role::inout;
    argument.at("AccessType").fail("is none of ReadOnly, WriteOnly and ReadWrite: write one");
  }

  void add_vector(const Place& argument) {
    const std::string name = new_name(argument);
    const Place type = argument.at("Type");
    const auto dtype = vector_type(type.text());
    if (!dtype) type.fail("is not a vector's type here: use float, half or bfloat16");
    if (dtype_ && dtype_ != dtype) {
      type.fail("is another than that of the vectors before: use one");
    }
    dtype_ = dtype;
    const Role role = role_of(argument);
    writes_ = writes_ || role != Role::in;
    check_type_size(argument, size_of(*dtype));
    check_mem_type(argument, "Vector");
    check_fill(argument, role != Role::out);
    check_output(argument, role != Role::in);
    add_tables(argument, name, role);
    result_.list.push_back(toml_string(name));
  }

  void add_tables(const Place& argument, const std::string& name, Role role) {
    const std::string dim = name + "_size";
    take(argument.at("Name"), dim);
    const Place place = argument.at("Size");
    const std::string size = toml_string(size_of_vector(place));
    result_.tables.add(argument.at("Name"), fmt::format("[[dim]]\nname = {}\n", toml_string(dim)));
    result_.tables.add(place, fmt::format("default = {}\n", size));
    result_.tables.add(argument.at("Name"),
                       fmt::format("[[tensor]]\nname = {}\nrole = \"{}\"\nshape = [{}]\n",
                                   toml_string(name), name_of(role), toml_string(dim)));
    result_.sizes.add(place, fmt::format("{} = {}\n", toml_string("given_" + dim), size));
  }

  std::string size_of_vector(const Place& place) const {
    std::string size = expressions_.whole(place);
    const auto value = expressions_.constant(size);
    if (!value) {
      place.fail("is not one number for all configurations: write the largest");
    }
    if (*value < 1 || *value > std::numeric_limits<std::int32_t>::max()) {
      place.fail("is not from 1 to 2147483647 elements");
    }
    return size;
  }

  void add_scalar(const Place& argument) {
    const std::string name = new_name(argument);
    const auto type = scalar_type(argument.at("Type").text());
    if (!type) {
      argument.at("Type").fail(
          "is not a scalar's type here: use int32, uint32, int64, uint64 or float");
    }
    check_type_size(argument, type->bytes);
    check_mem_type(argument, "Scalar");
    check_output(argument, false);
    if (argument.text_or("AccessType", "ReadOnly") != "ReadOnly") {
      argument.at("AccessType").fail("is not how a scalar is passed: write ReadOnly");
    }
    if (argument.text_or("FillType", "Constant") != "Constant") {
      argument.at("FillType").fail("is not how a scalar gets its value: write Constant");
    }
    if (argument.has("Size") && argument.at("Size").json() != 1) {
      argument.at("Size").fail("is not the size of a scalar: remove it");
    }
    refuse(argument, {{"DataSource", "a scalar's value is its FillValue: remove it"},
                      {"RandomSeed", "a scalar's value is its FillValue: remove it"}});
    const Place value = argument.at("FillValue");
    if (type->is_float) {
      add_float(argument, name);
    } else if (type->bytes == 4) {
      result_.list.push_back(toml_string(integer_of(value, *type)));
    } else {
      result_.list.push_back(fmt::format("{{i64 = {}}}", toml_string(integer_of(value, *type))));
    }
  }

  void add_float(const Place& argument, const std::string& name) {
    const Place place = argument.at("FillValue");
    const double value = place.number();
    if (std::fabs(value) > std::numeric_limits<float>::max()) {
      place.fail("is larger than a float can be");
    }
    result_.tables.add(argument.at("Name"),
                       fmt::format("[[scalar]]\nname = {}\n", toml_string(name)));
    result_.tables.add(place, fmt::format("default = {}\n", toml_real(value)));
    result_.list.push_back(toml_string(name));
  }

  // Returns an integer of 32 or 64 bits that has the bits of the value.
  std::string integer_of(const Place& place, const ScalarType& type) const {
    if (type.bytes == 8 && type.is_unsigned && place.json().is_number_unsigned()) {
      return bits_of(place.json().get<std::uint64_t>());
    }
    const std::string whole = expressions_.whole(place);
    const auto value = expressions_.constant(whole);
    if (value && type.is_unsigned && *value < 0) {
      place.fail("is below zero, which the Type is not: use a signed one");
    }
    if (type.bytes == 8) return whole;
    const std::int64_t most = type.is_unsigned ? std::int64_t{UINT32_MAX} : INT32_MAX;
    if (value && (*value > most || *value < INT32_MIN)) {
      place.fail("does not fit in the 32 bits of the Type: use one of 64");
    }
    if (!type.is_unsigned) return whole;
    return fmt::format("({0}) > 2147483647 ? ({0}) - 4294967296 : ({0})", whole);
  }

  static std::string bits_of(std::uint64_t value) {
    const auto bits = static_cast<std::int64_t>(value);
    if (bits == std::numeric_limits<std::int64_t>::min()) return "-9223372036854775807 - 1";
    return std::to_string(bits);
  }

  const T1Expressions& expressions_;
  T1Arguments result_;
  std::set<std::string> names_;
  std::optional<DType> dtype_;
  bool writes_ = false;
};

}  // namespace

T1Arguments read_t1_arguments(const Place& kernel, const T1Expressions& expressions) {
  const Place all = kernel.at("Arguments");
  return Reader(all, expressions).read(all);
}

}  // namespace tw
