// Reads the Arguments of a T1 file.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/spec/spec_reader.h"
#include "core/t1/t1_parts.h"
#include "core/text/toml_text.h"

namespace tw {
namespace {

// The places of arguments: the schema's MemoryType, and what Kernel Tuner adds as MemType.
enum class Memory { vector, scalar, symbol, shared };

Memory memory_of(const Place& argument) {
  const std::string& type = argument.at("MemoryType").text();
  const std::string more = argument.text_or("MemType", "");
  const bool is_constant = more == "Constant";
  if (!more.empty() && more != type && !is_constant) {
    argument.at("MemType").fail("is no place of an argument: write Constant, or remove it");
  }
  if (type == "Symbol" || (type == "Vector" && is_constant)) return Memory::symbol;
  if (type == "Vector") return Memory::vector;
  if (type == "Local") return Memory::shared;
  if (type != "Scalar") {
    argument.at("MemoryType").fail("is none of Vector, Scalar, Symbol and Local: write one");
  }
  if (is_constant) argument.at("MemType").fail("is for vectors: remove it");
  return Memory::scalar;
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
  Reader(const Place& kernel, const Place& all, const T1Expressions& expressions,
         std::optional<std::size_t> parameters)
      : kernel_(kernel),
        expressions_(expressions),
        passes_constants_(parameters == count_of_all(all)),
        result_{T1SpecText(all), T1SpecText(all), T1SpecText(all), {}, {}, {}, {}, {}} {}

  T1Arguments read(const Place& all) {
    for (std::size_t i = 0; i < all.array().size(); ++i) add(all.element(i).object());
    if (!dtype_) all.fail("has no vector: a kernel needs one for its results");
    if (results_.empty()) {
      all.fail(
          "has no vector that the kernel writes: set the AccessType of its results to "
          "WriteOnly or ReadWrite");
    }
    check_t1_references(kernel_, inputs_, results_);
    result_.dtype = *dtype_;
    if (align_ > element_bytes_) result_.align = align_;
    return std::move(result_);
  }

 private:
  // Counts the arguments that may be parameters of the kernel, those in constant memory included.
  static std::size_t count_of_all(const Place& all) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < all.array().size(); ++i) {
      const std::string& type = all.element(i).object().at("MemoryType").text();
      if (type != "Local" && type != "Symbol") ++count;
    }
    return count;
  }

  void add(const Place& argument) {
    argument.allow({"Name", "Type", "MemoryType", "AccessType", "Size", "TypeSize", "FillType",
                    "FillValue", "DataSource", "RandomSeed", "MemType", "Output"});
    refuse(argument, {{"RandomSeed", "the seed of random numbers is tune's --seed: remove it"}});
    switch (memory_of(argument)) {
      case Memory::vector:
        result_.list.push_back(toml_string(add_vector(argument)));
        break;
      case Memory::symbol:
        add_symbol(argument);
        break;
      case Memory::scalar:
        add_scalar(argument);
        break;
      case Memory::shared:
        result_.shared.push_back(fmt::format("({}) * {}", expressions_.size(argument.at("Size")),
                                             read_t1_type(argument).bytes()));
        break;
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

  // Adds the tables of a vector, and returns its name.
  std::string add_vector(const Place& argument) {
    const std::string name = new_name(argument);
    const T1Type type = read_t1_type(argument);
    const Role role = role_of(argument);
    if (role != Role::in) results_.emplace(name, argument);
    if (role != Role::out) inputs_.emplace(name, argument);
    // Floating-point numbers decide the op's dtype, for they need a tolerance.
    if (!dtype_ || (is_integer(*dtype_) && !is_integer(type.dtype))) dtype_ = type.dtype;
    element_bytes_ = std::max(element_bytes_, size_of(type.dtype));
    if (memory_of(argument) == Memory::vector) {
      align_ = std::max(align_, alignment_of(type.bytes()));
    }
    if (role == Role::out) check_t1_fill(argument);
    check_output(argument, role != Role::in);
    add_tables(argument, name, role, type);
    if (role != Role::in && argument.at("Type").text() == "custom") {
      result_.notices.push_back(fmt::format(
          "{}: all bytes of its structs are compared, padding too, so the kernel must write them",
          name));
    }
    return name;
  }

  // A symbol has the author's name in the source. Kernel Tuner passes it as an argument besides,
  // which the kernel may leave out.
  void add_symbol(const Place& argument) {
    if (argument.text_or("AccessType", "ReadOnly") != "ReadOnly") {
      argument.at("AccessType").fail("is not how a symbol is used: write ReadOnly");
    }
    const std::string name = add_vector(argument);
    result_.constants.add(
        argument.at("Name"),
        fmt::format("[[constant]]\nsymbol = {0}\ntensor = {0}\n", toml_string(name)));
    const bool is_parameter = argument.at("MemoryType").text() == "Vector" && passes_constants_;
    if (is_parameter) result_.list.push_back(toml_string(name));
  }

  void add_tables(const Place& argument, const std::string& name, Role role, const T1Type& type) {
    const std::string dim = name + "_size";
    take(argument.at("Name"), dim);
    const Place place = argument.at("Size");
    const Size found = size_of_vector(place);
    const std::string size = toml_string(std::to_string(found.elements));
    result_.tables.add(argument.at("Name"), fmt::format("[[dim]]\nname = {}\n", toml_string(dim)));
    result_.tables.add(place, fmt::format("default = {}\n", size));
    const std::string elements = type.count == 1 ? "" : fmt::format(", \"{}\"", type.count);
    result_.tables.add(
        argument.at("Name"),
        fmt::format("[[tensor]]\nname = {}\nrole = \"{}\"\ndtype = \"{}\"\nshape = [{}{}]\n",
                    toml_string(name), name_of(role), name_of(type.dtype), toml_string(dim),
                    elements));
    if (role != Role::out)
      result_.tables.add(argument, t1_values(argument, type, found.elements,
                                             asks_for(kernel_, "ReferenceArguments")));
    if (role != Role::in) {
      const std::string expected = t1_expected(kernel_, name, type, found.elements);
      if (expected.empty() && found.varies) add_uncompared(name, place);
      result_.tables.add(argument, expected);
    }
    result_.sizes.add(place, fmt::format("{} = {}\n", toml_string("given_" + dim), size));
  }

  // Configurations with results of different sizes have different results.
  void add_uncompared(const std::string& name, const Place& size) {
    result_.tables.add(size, "compared = false\n");
    result_.notices.push_back(fmt::format(
        "{}: {} depends on parameters, so its values are not compared", name, size.text()));
  }

  struct Size {
    std::int64_t elements = 0;  // the largest
    bool varies = false;
  };
  Size size_of_vector(const Place& place) const {
    const std::string size = expressions_.size(place);
    const auto one = expressions_.constant(size);
    const auto largest = one ? one : expressions_.largest(size, place);
    if (!largest || *largest < 1 || *largest > std::numeric_limits<std::int32_t>::max()) {
      place.fail("is not from 1 to 2147483647 elements");
    }
    return {*largest, !one};
  }

  void add_scalar(const Place& argument) {
    const std::string name = new_name(argument);
    const T1Type type = read_t1_type(argument);
    if (type.count != 1) {
      argument.at("Type").fail("is not a scalar's type here: pass its numbers one by one");
    }
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
    refuse(argument, {{"DataSource", "a scalar's value is its FillValue: remove it"}});
    const Place value = argument.at("FillValue");
    if (type.dtype == DType::f32) {
      add_float(argument, name);
    } else if (is_integer(type.dtype)) {
      // The bits of 64 are the same with and without a sign.
      const DType passed = type.dtype == DType::u64 ? DType::i64 : type.dtype;
      const std::string whole = integer_of(value, type.dtype);
      const bool is_named = expressions_.constant(whole) && passed == type.dtype;
      result_.list.push_back(fmt::format("{{{} = {}{}}}", name_of(passed), toml_string(whole),
                                         is_named ? ", name = " + toml_string(name) : ""));
    } else {
      result_.list.push_back(fmt::format("{{{} = {}, name = {}}}", name_of(type.dtype),
                                         toml_real(value.number()), toml_string(name)));
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

  // Returns an integer that has the bits of the value.
  std::string integer_of(const Place& place, DType dtype) const {
    if (dtype == DType::u64 && place.json().is_number_unsigned()) {
      return bits_of(place.json().get<std::uint64_t>());
    }
    const std::string whole = expressions_.whole(place);
    const auto value = expressions_.constant(whole);
    const IntegerRange limits = limits_of(dtype);
    if (value && limits.low == 0 && *value < 0) {
      place.fail("is below zero, which the Type is not: use a signed one");
    }
    if (value && (*value < limits.low || *value > limits.high)) {
      place.fail(fmt::format("does not fit in the {} bits of the Type: use a larger one",
                             8 * size_of(dtype)));
    }
    return whole;
  }

  static std::string bits_of(std::uint64_t value) {
    const auto bits = static_cast<std::int64_t>(value);
    if (bits == std::numeric_limits<std::int64_t>::min()) return "-9223372036854775807 - 1";
    return std::to_string(bits);
  }

  const Place& kernel_;
  const T1Expressions& expressions_;
  bool passes_constants_;
  T1Arguments result_;
  std::set<std::string> names_;
  std::optional<DType> dtype_;
  std::map<std::string, Place> inputs_, results_;  // the vectors that the kernel reads and writes
  int element_bytes_ = 2;                          // of the largest numbers; see least_align
  int align_ = 0;                                  // of the types of vectors that are pointers
};

}  // namespace

T1Arguments read_t1_arguments(const Place& kernel, const T1Expressions& expressions,
                              std::optional<std::size_t> parameters) {
  const Place all = kernel.at("Arguments");
  return Reader(kernel, all, expressions, parameters).read(all);
}

}  // namespace tw
