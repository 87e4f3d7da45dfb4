// A T1 file's kernel, written in our own format.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "error.h"
#include "kernel_name.h"
#include "python_expr.h"
#include "recording_parts.h"
#include "t1.h"

namespace tw {
namespace {

using nlohmann::json;

// A TOML string; JSON's escapes are TOML's, too.
std::string toml_string(std::string_view text) {
  std::string result = json(std::string(text)).dump(-1, ' ', false, json::error_handler_t::replace);
  for (std::size_t at; (at = result.find('\x7f')) != result.npos;) {  // bare in JSON, not in TOML
    result.replace(at, 1, "\\u007F");
  }
  return result;
}

std::string toml_real(double value) {
  const std::string digits = fmt::format("{}", value);
  return digits.find_first_of(".e") == std::string::npos ? digits + ".0" : digits;
}

// Expressions over the parameters.
class Expressions {
 public:
  explicit Expressions(const BareSpace& space) : names_(space.names) {
    for (const Knob& knob : space.knobs) {
      const auto least = std::min_element(knob.values.begin(), knob.values.end());
      if (*least < 0) below_zero_.insert(knob.name);
    }
  }
  std::string whole(const Place& place) const {
    if (is_int64(place.json())) return std::to_string(place.json().get<std::int64_t>());
    if (place.json().is_number()) place.fail("is no whole number of 64 bits");
    const std::string text = place.text();
    try {
      return whole_number_from(parse_python(text), names_, below_zero_);
    } catch (const Error& error) {
      place.fail(error.what());
    }
  }

 private:
  const Names& names_;
  std::set<std::string> below_zero_;
};

struct Extent {
  std::string x = "1", y = "1", z = "1";
};

Extent extent_of(const Place& place, const Expressions& expressions) {
  place.object();
  Extent extent{.x = expressions.whole(place.at("X"))};
  if (place.has("Y")) extent.y = expressions.whole(place.at("Y"));
  if (place.has("Z")) extent.z = expressions.whole(place.at("Z"));
  return extent;
}

// Blocks: what is called global size is blocks in CUDA's words, threads in OpenCL's.
Extent grid_of(const Place& kernel, const Extent& block, const Expressions& expressions) {
  Extent grid = extent_of(kernel.at("GlobalSize"), expressions);
  const std::string type = kernel.text_or("GlobalSizeType", "CUDA");
  if (type == "CUDA") return grid;
  if (type != "OpenCL") kernel.at("GlobalSizeType").fail("is neither CUDA nor OpenCL");
  const auto blocks = [](std::string& threads, const std::string& of_block) {
    threads = fmt::format("ceil_div({}, {})", threads, of_block);
  };
  blocks(grid.x, block.x);
  blocks(grid.y, block.y);
  blocks(grid.z, block.z);
  return grid;
}

std::optional<DType> vector_type(const std::string& type) {
  if (type == "float" || type == "float32") return DType::f32;
  if (type == "half" || type == "float16") return DType::f16;
  if (type == "bfloat16") return DType::bf16;
  return std::nullopt;
}

class Arguments {
 public:
  Arguments(const Place& kernel, const Expressions& expressions) : expressions_(expressions) {
    const Place all = kernel.at("Arguments");
    for (std::size_t i = 0; i < all.array().size(); ++i) add(all.element(i).object());
    if (!dtype_) all.fail("has no vector");
  }
  const std::string& tables() const { return tables_; }  // [[dim]], [[tensor]], [[scalar]]
  // [let] of the kernel: its digest is then another for other sizes, which as defaults are in no
  // problem's name.
  const std::string& sizes() const { return sizes_; }
  std::string list() const { return fmt::format("[{}]", fmt::join(list_, ", ")); }
  DType dtype() const { return *dtype_; }

 private:
  void add(const Place& argument) {
    const std::string memory = argument.at("MemoryType").text();
    if (memory == "Vector") {
      add_vector(argument);
    } else if (memory == "Scalar") {
      add_scalar(argument);
    } else {
      argument.at("MemoryType").fail("is neither Vector nor Scalar");
    }
  }

  std::string new_name(const Place& argument) {
    std::string name = argument.at("Name").text();
    if (!names_.insert(name).second) argument.at("Name").fail("is that of another argument");
    return name;
  }

  void add_vector(const Place& argument) {
    const std::string name = new_name(argument), type = argument.at("Type").text();
    const auto dtype = vector_type(type);
    if (!dtype) argument.at("Type").fail("is not a vector's type here: float, half or bfloat16");
    if (dtype_ && dtype_ != dtype) {
      argument.at("Type").fail("is another than that of the vectors before: use one");
    }
    dtype_ = dtype;
    const std::string access = argument.text_or("AccessType", "ReadWrite");
    const char* role = access == "ReadOnly"    ? "in"
                       : access == "WriteOnly" ? "out"
                       : access == "ReadWrite" ? "inout"
                                               : nullptr;
    if (!role) argument.at("AccessType").fail("is none of ReadOnly, WriteOnly, ReadWrite");
    const std::string dim = name + "_size";
    const std::string size = toml_string(expressions_.whole(argument.at("Size")));
    tables_ += fmt::format("[[dim]]\nname = {}\ndefault = {}\n", toml_string(dim), size);
    tables_ += fmt::format("[[tensor]]\nname = {}\nrole = \"{}\"\nshape = [{}]\n",
                           toml_string(name), role, toml_string(dim));
    sizes_ += fmt::format("{} = {}\n", toml_string("given_" + dim), size);
    list_.push_back(toml_string(name));
  }

  void add_scalar(const Place& argument) {
    const std::string name = new_name(argument), type = argument.at("Type").text();
    static const std::set<std::string> narrow{"int", "int32", "uint", "uint32"};
    static const std::set<std::string> wide{"long", "int64", "ulong", "uint64"};
    const Place value = argument.at("FillValue");
    if (type == "float" || type == "float32") {
      tables_ += fmt::format("[[scalar]]\nname = {}\ndefault = {}\n", toml_string(name),
                             toml_real(value.number()));
      list_.push_back(toml_string(name));
    } else if (narrow.contains(type)) {
      list_.push_back(toml_string(expressions_.whole(value)));
    } else if (wide.contains(type)) {
      list_.push_back(fmt::format("{{i64 = {}}}", toml_string(expressions_.whole(value))));
    } else {
      argument.at("Type").fail(
          "is not a scalar's type here: int32, uint32, int64, uint64 or float");
    }
  }

  const Expressions& expressions_;
  std::string tables_, sizes_;
  std::set<std::string> names_;
  std::vector<std::string> list_;
  std::optional<DType> dtype_;
};

// Where includes are looked for, and the language, are ours to choose; others change results.
void check_options(const Place& kernel) {
  if (!kernel.has("CompilerOptions")) return;
  const Place options = kernel.at("CompilerOptions");
  for (std::size_t i = 0; i < options.array().size(); ++i) {
    const std::string& option = options.element(i).text();
    if (option.starts_with("-I") || option.starts_with("-std=") || option.starts_with("--std=")) {
      continue;
    }
    options.element(i).fail("is not passed on: remove it, and #define in the source what it does");
  }
}

std::string knob_table(const Knob& knob) {
  std::string values;
  for (const std::int64_t value : knob.values) {
    values += (values.empty() ? "" : ", ") + knob.text(value);
  }
  return fmt::format("[[knob]]\nname = {}\nvalues = [{}]\n", toml_string(knob.name), values);
}

}  // namespace

Texts t1_specs(const std::string& text, const std::string& path) {
  const BareSpace space = parse_t1(text, path);
  const json parsed = json::parse(text);
  const Place kernel = Place(parsed, path).at("KernelSpecification").object();
  if (kernel.at("Language").text() != "CUDA") kernel.at("Language").fail("is not CUDA");
  check_options(kernel);
  for (std::size_t i = 0; i < space.knobs.size(); ++i) {
    if (space.knobs[i].kind != Knob::Kind::word) continue;
    Place(parsed, path)
        .at("ConfigurationSpace")
        .at("TuningParameters")
        .element(i)
        .at("Values")
        .fail("are texts, which a kernel's macros cannot tell apart: number them");
  }
  const std::string entry = kernel.at("KernelName").text();
  if (!is_kernel_name(entry)) {
    kernel.at("KernelName")
        .fail(
            "names no kernel: write it as C++ does, for example scale or "
            "shop::ops::scale<float, 2>");
  }
  const std::string name = identifier_of(entry);
  const Expressions expressions(space);
  const Extent block = extent_of(kernel.at("LocalSize"), expressions);
  const Extent grid = grid_of(kernel, block, expressions);
  const Arguments arguments(kernel, expressions);

  // What is read and written of the vectors is not said, so there is no roofline.
  std::string op = fmt::format(
      "[op]\nname = {0}\ndoc = {1}\nexample = {2}\ndtypes = [\"{3}\"]\nflops = \"0\"\n"
      "bytes = \"0\"\n{4}",
      toml_string(name), toml_string("the kernel of " + path), toml_string("tune --spec " + path),
      name_of(arguments.dtype()), arguments.tables());
  std::string spec = fmt::format("[kernel]\nsource = {}\nneeds = \"true\"\nknobs = \"macros\"\n",
                                 toml_string(kernel.at("KernelFile").text()));
  for (const Knob& knob : space.knobs) spec += knob_table(knob);
  spec += "[let]\n" + arguments.sizes() + "[require]\n";
  std::set<std::string> seen;
  for (const Constraint& constraint : space.require) {
    if (!seen.insert(constraint.reason).second) continue;
    spec += fmt::format("{} = {}\n", toml_string(constraint.reason),
                        toml_string(constraint.expr.text()));
  }
  spec += fmt::format(
      "[[launch]]\nentry = {}\ngrid = [\"{}\", \"{}\", \"{}\"]\nblock = [\"{}\", \"{}\", \"{}\"]\n"
      "args = {}\n",
      toml_string(entry), grid.x, grid.y, grid.z, block.x, block.y, block.z, arguments.list());
  return {{"op.toml", op}, {name + ".toml", spec}};
}

}  // namespace tw
