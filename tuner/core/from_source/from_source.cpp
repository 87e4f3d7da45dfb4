#include "core/from_source/from_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "core/base/toml_text.h"
#include "core/from_source/argument_text.h"
#include "core/from_source/kernel_choice.h"
#include "core/from_source/knob_values.h"
#include "core/from_source/text_parts.h"
#include "core/spec/kernel_name.h"
#include "core/spec/spec_reader.h"

namespace tw {
namespace {

using Text = SpecText<SourceOption>;

// The most that a size can be: tensors have at most so many elements.
constexpr std::int64_t most_size = std::int64_t{1} << 40;

class Writer {
 public:
  Writer(const SourceOptions& options, const std::string& file, const Texts& sources)
      : options_(options), file_(file), sources_(sources) {}

  GeneratedSpecs<SourceOption> run(const std::string& asked) {
    read_names();
    kernel_ = choose_kernel(options_.kernel, asked, file_, sources_, knob_names_);
    read_arguments();
    check_arguments();
    name_tensors();
    std::string name = identifier_of(kernel_.entry);
    if (name == "op") name = "op_";  // "op.toml" is the op's own file
    GeneratedSpecs<SourceOption> specs;
    specs.add("op.toml", op_text(name));
    specs.add(name + ".toml", kernel_text());
    return specs;
  }

 private:
  void read_names() {
    for (const SourceOption& option : options_.sizes) {
      sizes_.push_back(named_value(option, "n=1<<24"));
      values_.push_back(sizes_.back().first);
    }
    for (const SourceOption& option : options_.knobs) {
      knobs_.push_back(read_knob(option));
      knob_names_.push_back(knobs_.back().name);
      values_.push_back(knobs_.back().name);
    }
    if (!sizes_.empty()) return;
    options_.kernel.fail(
        "no --size is given: name what the extents of the tensors read, as in --size 'n=1<<24' and "
        "--arg 'f32[n]:in'");
  }

  void read_arguments() {
    for (const SourceOption& option : options_.args) {
      arguments_.push_back(read_argument(option, values_));
    }
    const bool writes = std::any_of(
        arguments_.begin(), arguments_.end(),
        [](const ArgumentText& argument) { return argument.is_tensor() && argument.role != "in"; });
    if (writes) return;
    options_.kernel.fail(
        "no --arg is a tensor that the kernel writes: mark its results, as in --arg 'f32[n]:out'");
  }

  // Compares the arguments with the parameters that the source has.
  void check_arguments() const {
    if (!kernel_.parameters) return;
    const std::vector<SourceParameter>& parameters = *kernel_.parameters;
    if (parameters.size() != arguments_.size()) {
      std::vector<std::string> all;
      for (const SourceParameter& parameter : parameters) {
        all.push_back(parameter.type + (parameter.name.empty() ? "" : " ") + parameter.name);
      }
      options_.kernel.fail(fmt::format("the kernel takes {} argument{} ({}), and {} --arg {} given",
                                       all.size(), all.size() == 1 ? "" : "s", fmt::join(all, ", "),
                                       arguments_.size(), arguments_.size() == 1 ? "is" : "are"));
    }
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
      check_argument(options_.args[i], arguments_[i], parameters[i], static_cast<int>(i) + 1);
    }
  }

  // A tensor has the name that the user or the source gives it, else a0, a1 and so on.
  void name_tensors() {
    const Scope words;
    std::set<std::string> taken(values_.begin(), values_.end());
    for (const ArgumentText& argument : arguments_) {
      if (argument.is_tensor()) taken.insert(argument.name);
    }
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
      ArgumentText& argument = arguments_[i];
      if (!argument.is_tensor() || !argument.name.empty()) continue;
      std::string name = kernel_.parameters ? (*kernel_.parameters)[i].name : "";
      if (!is_identifier(name) || words.is(name, Scope::Kind::reserved)) {
        name = fmt::format("a{}", i);
      }
      for (std::size_t n = i; taken.contains(name); ++n) name = fmt::format("a{}", n);
      taken.insert(name);
      argument.name = name;
    }
  }

  // The problem's dtype is that of the first result.
  DType dtype() const {
    const auto result = std::find_if(
        arguments_.begin(), arguments_.end(),
        [](const ArgumentText& argument) { return argument.is_tensor() && argument.role != "in"; });
    return result->type.dtype;
  }

  // The options do not say which parts of the tensors are read and written, so there is no roofline.
  Text op_text(const std::string& name) const {
    Text text(options_.kernel);
    text.add(options_.kernel,
             fmt::format("# Made by tune --kernel {}.\n[op]\nname = {}\ndoc = {}\nexample = {}\n"
                         "dtypes = [\"{}\"]\nflops = \"0\"\nbytes = \"0\"\n",
                         options_.kernel.text, toml_string(name),
                         toml_string(fmt::format("{} of {}", kernel_.entry, file_)),
                         toml_string("tune --spec op.toml"), name_of(dtype())));
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      text.add(options_.sizes[i],
               fmt::format("\n[[dim]]\nname = {}\ndefault = {}\nmin = 0\nmax = {}\nin_key = true\n",
                           toml_string(sizes_[i].first), toml_string(sizes_[i].second), most_size));
    }
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
      if (arguments_[i].is_tensor()) add_tensor(options_.args[i], arguments_[i], text);
    }
    return text;
  }

  void add_tensor(const SourceOption& option, const ArgumentText& argument, Text& text) const {
    std::vector<std::string> shape;
    for (const std::string& extent : argument.extents) shape.push_back(toml_string(extent));
    text.add(option,
             fmt::format("\n[[tensor]]\nname = {}\nrole = \"{}\"\nshape = [{}]\n",
                         toml_string(argument.name), argument.role, fmt::join(shape, ", ")));
    if (argument.type.dtype != dtype()) {
      text.add(option, fmt::format("dtype = \"{}\"\n", name_of(argument.type.dtype)));
    }
    if (argument.type.is_bool && argument.role != "out") {
      text.add(option, "range = [\"0\", \"1\"]\n");
    }
  }

  Text kernel_text() const {
    Text text(options_.kernel);
    text.add(options_.kernel,
             fmt::format("[kernel]\nsource = {}\nknobs = \"macros\"\n", toml_string(file_)));
    add_macros(text);
    if (!options_.compiler.empty()) {
      text.add(options_.kernel, "options = [\n");
      for (const SourceOption& option : options_.compiler) {
        text.add(option, fmt::format("  {},\n", toml_string(option.text)));
      }
      text.add(options_.kernel, "]\n");
    }
    add_knobs(text);
    add_conditions(text);
    add_launch(text);
    return text;
  }

  // A knob among the template arguments is no macro: the source may have a template parameter of
  // this name. Sizes are arguments, whose names the source's parameters have.
  void add_macros(Text& text) const {
    std::vector<std::string> macros;
    for (const KnobText& knob : knobs_) {
      if (!is_argument(knob.name)) macros.push_back(toml_string(knob.name));
    }
    text.add(options_.kernel, fmt::format("macros = [{}]\n", fmt::join(macros, ", ")));
  }

  bool is_argument(const std::string& knob) const {
    bool found = false;
    with_values(kernel_.entry, [&](std::string_view name) -> std::string {
      found = found || name == knob;
      return "";
    });
    return found;
  }

  void add_knobs(Text& text) const {
    for (std::size_t i = 0; i < knobs_.size(); ++i) {
      text.add(options_.knobs[i],
               fmt::format("\n[[knob]]\nname = {}\nvalues = [{}]\n{}", toml_string(knobs_[i].name),
                           fmt::join(knobs_[i].values, ", "),
                           knobs_[i].values.front().starts_with('"') ? "text = true\n" : ""));
    }
  }

  void add_conditions(Text& text) const {
    if (options_.conditions.empty()) return;
    text.add(options_.kernel, "\n[require]\n");
    std::set<std::string> seen;
    for (const SourceOption& option : options_.conditions) {
      if (!seen.insert(option.text).second) continue;
      text.add(option,
               fmt::format("{} = {}\n", toml_string(option.text), toml_string(option.text)));
    }
  }

  void add_launch(Text& text) const {
    text.add(options_.kernel,
             fmt::format("\n[[launch]]\nentry = {}\n", toml_string(kernel_.entry)));
    for (const SourceOption* extent : {&options_.grid, &options_.block}) {
      std::vector<std::string> list;
      for (const std::string& one : split_outside(extent->text, ',')) {
        list.push_back(toml_string(one));
      }
      text.add(*extent, fmt::format("{} = [{}]\n", extent->flag, fmt::join(list, ", ")));
    }
    if (!options_.smem.text.empty()) {
      text.add(options_.smem, fmt::format("smem = {}\n", toml_string(options_.smem.text)));
    }
    text.add(options_.kernel, "args = [\n");
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
      const ArgumentText& argument = arguments_[i];
      text.add(options_.args[i],
               fmt::format("  {},\n",
                           argument.is_tensor() ? toml_string(argument.name) : number_text(i)));
    }
    text.add(options_.kernel, "]\n");
  }

  // A literal has the name of its parameter, so that headers can have a field for it.
  std::string number_text(std::size_t argument) const {
    const std::string& text = arguments_[argument].toml;
    if (!arguments_[argument].is_literal || !kernel_.parameters) return text;
    const std::string& name = (*kernel_.parameters)[argument].name;
    const bool is_free = is_identifier(name) &&
                         std::find(values_.begin(), values_.end(), name) == values_.end() &&
                         std::none_of(arguments_.begin(), arguments_.end(),
                                      [&](const ArgumentText& one) { return one.name == name; });
    if (!is_free) return text;
    return fmt::format("{}, name = {}}}", text.substr(0, text.size() - 1), toml_string(name));
  }

  const SourceOptions& options_;
  const std::string& file_;
  const Texts& sources_;
  std::vector<std::pair<std::string, std::string>> sizes_;
  std::vector<KnobText> knobs_;
  std::vector<std::string> knob_names_, values_;  // values: the names of sizes and knobs
  KernelChoice kernel_;
  std::vector<ArgumentText> arguments_;
};

}  // namespace

GeneratedSpecs<SourceOption> specs_of_source(const SourceOptions& options, const std::string& file,
                                             const std::string& name, const Texts& sources) {
  return Writer(options, file, sources).run(name);
}

}  // namespace tw
