// Reads the values of a T1 file's vectors: what inputs are filled with, and what results must be.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/python/python.h"
#include "core/t1/t1_parts.h"
#include "core/text/toml_text.h"

namespace tw {
namespace {

bool has_value(const Place& object, const char* key) {
  return object.has(key) && !object.at(key).json().is_null();
}

// Returns a number as the tensor's type takes it: an expression for integers.
std::string number_text(const Place& place, const T1Type& type) {
  const double value = place.number();
  if (!is_integer(type.dtype)) return toml_real(value);
  if (value != std::floor(value) || std::fabs(value) > 9007199254740992.0) {
    place.fail("is no whole number, which the Type needs");
  }
  return toml_string(fmt::format("{:.0f}", value));
}

// Random numbers are within plus and minus the FillValue, integers from 0 to it, because they may
// be indices. A FillValue that is a list is the range itself.
std::string random_values(const Place& argument, const T1Type& type) {
  if (type.is_bool) return "range = [\"0\", \"1\"]\n";
  if (!has_value(argument, "FillValue")) return "";
  const Place place = argument.at("FillValue");
  std::string low, high;
  if (place.json().is_array()) {
    if (place.array().size() != 2) place.fail("must be a number, or the least and the greatest");
    low = number_text(place.element(0), type);
    high = number_text(place.element(1), type);
  } else {
    const double bound = std::fabs(place.number());
    if (bound == 1 && !is_integer(type.dtype)) return "";  // as every input
    high = number_text(place, type);
    if (place.number() < 0) high.erase(high.find('-'), 1);
    low = is_integer(type.dtype) ? "\"0\"" : "-" + high;
  }
  return is_integer(type.dtype) ? fmt::format("range = [{}, {}]\n", low, high)
                                : fmt::format("values = {{uniform = [{}, {}]}}\n", low, high);
}

std::string constant_values(const Place& argument, const T1Type& type) {
  const std::string value =
      has_value(argument, "FillValue")
          ? number_text(argument.at("FillValue"), type)
          : (is_integer(type.dtype) ? std::string("\"0\"") : std::string("0.0"));
  return fmt::format("values = {{constant = {}}}\n", value);
}

// Returns the formula of a Generator, whose DataSource is Python over the element's place `i`:
// {formula = "2 * i"}, or {formula = ["dividend", "divisor"]}.
std::string generator_values(const Place& argument, const T1Type& type, std::int64_t elements) {
  const Place source = argument.at("DataSource");
  const std::string& python = source.text();
  const PythonParameter place{.name = "i", .values = {0, elements * type.count - 1}};
  try {
    if (is_integer(type.dtype)) {
      return fmt::format("{{formula = {}}}",
                         toml_string(whole_number_from(python, std::span(&place, 1))));
    }
    const PythonFraction value = fraction_from(python, std::span(&place, 1));
    return fmt::format("{{formula = [{}, {}]}}", toml_string(value.above),
                       toml_string(value.below));
  } catch (const Error& error) {
    source.fail(error.what());
  }
}

std::string file_values(const Place& argument) {
  const Place source = argument.at("DataSource");
  if (source.text().empty()) source.fail("names no file");
  return fmt::format("values = {{file = {}}}\n", toml_string(source.text()));
}

bool has_random_values(const Place& argument) {
  return argument.text_or("FillType", "Random") == "Random" &&
         !(argument.has("FillValue") && argument.at("FillValue").json() == 0);
}

constexpr const char* no_hdf =
    "HDF5 is not read: write the array as raw bytes (BinaryRaw) or as .npy";
constexpr const char* no_script = "no script is run: write its values to a file and use BinaryRaw";

}  // namespace

std::string t1_values(const Place& argument, const T1Type& type, std::int64_t elements,
                      bool has_references) {
  const std::string fill = argument.text_or("FillType", "Random");
  // With references nothing is random. The content of what is not initialised does not matter.
  const bool is_zero = has_references && !has_random_values(argument);
  if (is_zero && (fill == "Random" || fill == "Uninitialized")) {
    return fmt::format("values = {{constant = {}}}\n", is_integer(type.dtype) ? "\"0\"" : "0.0");
  }
  if (fill == "Random" || fill == "Uninitialized") return random_values(argument, type);
  if (fill == "Constant") return constant_values(argument, type);
  if (fill == "BinaryRaw") return file_values(argument);
  if (fill == "Generator") {
    return fmt::format("values = {}\n", generator_values(argument, type, elements));
  }
  argument.at("FillType")
      .fail(fill == "BinaryHDF" ? no_hdf
            : fill == "Script"  ? no_script
                                : "is none of Constant, Random, Generator and "
                                  "BinaryRaw: write one");
}

void check_t1_fill(const Place& argument) {
  const std::string fill = argument.text_or("FillType", "Random");
  for (const char* known :
       {"Random", "Uninitialized", "Constant", "BinaryRaw", "Generator", "BinaryHDF", "Script"}) {
    if (fill == known) return;
  }
  argument.at("FillType").fail("is none of Constant, Random, Generator and BinaryRaw: write one");
}

void check_t1_references(const Place& kernel, const std::map<std::string, Place>& inputs,
                         const std::map<std::string, Place>& results) {
  if (!has_value(kernel, "ReferenceArguments")) return;
  const Place references = kernel.at("ReferenceArguments");
  std::set<std::string> names, found;
  for (const auto& [name, argument] : results) names.insert(name);
  for (std::size_t i = 0; i < references.array().size(); ++i) {
    const Place target = references.element(i).object().at("TargetName");
    if (!names.contains(target.text())) {
      target.fail(fmt::format("'{}' is no vector that the kernel writes: write one of {}",
                              target.text(), fmt::join(names, ", ")));
    }
    if (!found.insert(target.text()).second) {
      target.fail(fmt::format("'{}' has a reference already: remove one", target.text()));
    }
  }
  for (const std::string& name : names) {
    if (found.empty() || found.contains(name)) continue;
    references.fail(
        fmt::format("lacks the vector '{}', which the kernel writes: give all such "
                    "vectors a reference, or none",
                    name));
  }
  for (const auto& [name, argument] : inputs) {
    if (found.empty() || !has_random_values(argument)) continue;
    argument.fail(
        fmt::format("'{}' is random, so that no reference can be right: add a FillType: "
                    "Constant, Generator or BinaryRaw",
                    name));
  }
}

std::string t1_expected(const Place& kernel, const std::string& name, const T1Type& type,
                        std::int64_t elements) {
  if (!has_value(kernel, "ReferenceArguments")) return "";
  const Place references = kernel.at("ReferenceArguments");
  for (std::size_t i = 0; i < references.array().size(); ++i) {
    const Place one = references.element(i).object();
    if (one.at("TargetName").text() != name) continue;
    one.allow({"Name", "TargetName", "FillType", "FillValue", "DataSource", "RandomSeed",
               "ValidationMethod", "ValidationThreshold"});
    const std::string& fill = one.at("FillType").text();
    if (fill != "BinaryRaw" && fill != "Generator") {
      one.at("FillType")
          .fail(
              "expected results come from a file or a formula: write BinaryRaw or "
              "Generator");
    }
    const std::string lines = fmt::format(
        "expected = {}\n", fill == "Generator" ? generator_values(one, type, elements)
                                               : toml_string(one.at("DataSource").text()));
    const std::string method = one.text_or("ValidationMethod", "SideBySideComparison");
    if (method != "SideBySideComparison" && method != "SideBySideRelativeComparison" &&
        method != "AbsoluteDifference") {
      one.at("ValidationMethod")
          .fail(
              "is none of SideBySideComparison, SideBySideRelativeComparison and "
              "AbsoluteDifference: write one");
    }
    const double threshold = one.number_or("ValidationThreshold", 0);
    if (threshold < 0) one.at("ValidationThreshold").fail("is less than 0");
    if (is_integer(type.dtype)) {
      const bool allows_errors = threshold >= 1 && method != "SideBySideRelativeComparison";
      if (!allows_errors) return lines;
      one.at("ValidationThreshold").fail("cannot be: integers are compared exactly, so write 0");
    }
    return lines + fmt::format("tolerance = {{{} = {}}}\n",
                               method == "SideBySideRelativeComparison" ? "relative" : "absolute",
                               toml_real(threshold));
  }
  return "";
}

}  // namespace tw
