#include "core/from_source/from_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "core/from_source/argument_text.h"
#include "core/from_source/kernel_choice.h"
#include "core/from_source/knob_values.h"
#include "core/from_source/reference_text.h"
#include "core/from_source/text_parts.h"
#include "core/from_source/values_text.h"
#include "core/spec/kernel_name.h"
#include "core/spec/spec_reader.h"
#include "core/text/toml_text.h"

namespace tw {
namespace {

using Text = SpecText<SourceOption>;

// The most that a size can be: tensors have at most so many elements.
constexpr std::int64_t most_size = std::int64_t{1} << 40;

class Writer {
 public:
  Writer(const SourceOptions& options, const std::string& file, const Texts& sources,
         const std::vector<DataFile>& files)
      : options_(options), file_(file), sources_(sources), files_(files) {}

  GeneratedSpecs<SourceOption> run(const std::string& asked) {
    read_names();
    kernel_ = choose_kernel(options_.kernel, asked, file_, sources_, knob_names_);
    read_arguments();
    check_arguments(options_.kernel, kernel_, "the kernel");
    name_tensors();
    read_constants();
    given_ = read_all_values(options_, tensors());
    read_reference();
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
  void check_arguments(const SourceOption& option, const KernelChoice& choice,
                       std::string_view kernel) const {
    if (!choice.parameters) return;
    const std::vector<SourceParameter>& parameters = *choice.parameters;
    if (parameters.size() != arguments_.size()) {
      std::vector<std::string> all;
      for (const SourceParameter& parameter : parameters) {
        all.push_back(parameter.type + (parameter.name.empty() ? "" : " ") + parameter.name);
      }
      option.fail(fmt::format("{} takes {} argument{} ({}), and {} --arg {} given", kernel,
                              all.size(), all.size() == 1 ? "" : "s", fmt::join(all, ", "),
                              arguments_.size(), arguments_.size() == 1 ? "is" : "are"));
    }
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
      check_argument(options_.args[i], arguments_[i], parameters[i], static_cast<int>(i) + 1,
                     kernel);
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

  void read_constants() {
    for (const SourceOption& option : options_.constants) {
      ConstantText constant = read_constant(option);
      for (const ConstantText& other : constants_) {
        if (other.symbol == constant.symbol) option.fail("is there twice: remove one of them");
      }
      const std::vector<const ArgumentText*> others = tensors();
      const auto is_it = [&](const ArgumentText* one) { return one->name == constant.tensor.name; };
      if (std::any_of(others.begin(), others.end(), is_it)) {
        constant.tensor.name = identifier_of(constant.symbol) + "_";
      }
      constants_.push_back(std::move(constant));
    }
  }

  // Returns the arguments and constants that are tensors.
  std::vector<const ArgumentText*> tensors() const {
    std::vector<const ArgumentText*> all;
    for (const ArgumentText& argument : arguments_) {
      if (argument.is_tensor()) all.push_back(&argument);
    }
    for (const ConstantText& constant : constants_) all.push_back(&constant.tensor);
    return all;
  }

  // A reference has no knobs: their default values stand for them.
  void read_reference() {
    if (options_.reference.text.empty()) return;
    if (!options_.expected.empty()) {
      options_.reference.fail("--expected says already what is right: remove one of them");
    }
    reference_ = read_reference_text(options_.reference);
    reference_choice_ =
        choose_kernel(options_.reference, reference_.name, file_, sources_, knob_names_);
    check_arguments(options_.reference, reference_choice_, "the reference");
    reference_choice_.entry = with_values(reference_choice_.entry, [&](std::string_view name) {
      const auto at = std::find(knob_names_.begin(), knob_names_.end(), name);
      return at == knob_names_.end() ? std::string(name)
                                     : unquoted(default_of(at - knob_names_.begin()));
    });
    for (std::size_t i = 0; i < knobs_.size(); ++i) {
      const std::string value = default_of(static_cast<std::ptrdiff_t>(i));
      const bool is_text = value.starts_with('"');
      defaults_.push_back({knob_names_[i], is_text ? "'" + unquoted(value) + "'" : value});
    }
  }

  const std::string& default_of(std::ptrdiff_t knob) const {
    return knobs_[static_cast<std::size_t>(knob)].values.front();
  }
  static std::string unquoted(const std::string& text) {
    return text.starts_with('"') ? text.substr(1, text.size() - 2) : text;
  }

  // The problem's dtype is that of the first result.
  DType dtype() const {
    const auto result = std::find_if(
        arguments_.begin(), arguments_.end(),
        [](const ArgumentText& argument) { return argument.is_tensor() && argument.role != "in"; });
    return result->type.dtype;
  }

  // The options do not say which parts of the tensors are read and written, so there is no
  // roofline.
  Text op_text(const std::string& name) const {
    Text text(options_.kernel);
    // A comment of TOML can hold neither a line's end nor other control characters.
    const std::string quoted = toml_string(options_.kernel.text);
    text.add(options_.kernel,
             fmt::format("# Made by tune --kernel {}.\n[op]\nname = {}\ndoc = {}\nexample = {}\n"
                         "dtypes = [\"{}\"]\nflops = \"0\"\nbytes = \"0\"\n",
                         quoted.substr(1, quoted.size() - 2), toml_string(name),
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
    for (std::size_t i = 0; i < constants_.size(); ++i) {
      add_tensor(options_.constants[i], constants_[i].tensor, text);
    }
    if (!reference_.name.empty()) add_reference(text);
    return text;
  }

  void add_reference(Text& text) const {
    const SourceOption& option = options_.reference;
    text.add(option, fmt::format("\n[reference]\nkind = \"values\"\nsource = {}\nentry = {}\n",
                                 toml_string(file_), toml_string(reference_choice_.entry)));
    const bool is_own = !reference_.grid.empty();
    for (const auto& [extent, own] : {std::pair(&options_.grid, &reference_.grid),
                                      std::pair(&options_.block, &reference_.block)}) {
      std::vector<std::string> list = is_own ? *own : split_outside(extent->text, ',');
      for (std::string& one : list) one = with_replaced(one, defaults_);
      text.add(is_own ? option : *extent,
               fmt::format("{} = [{}]\n", extent->flag, toml_list(list)));
    }
    const std::string& smem = is_own ? reference_.smem : options_.smem.text;
    if (!smem.empty()) {
      text.add(is_own ? option : options_.smem,
               fmt::format("smem = {}\n", toml_string(with_replaced(smem, defaults_))));
    }
    text.add(option, "args = [\n");
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
      const ArgumentText& argument = arguments_[i];
      // Only the expression has names of knobs.
      const std::size_t quote = std::min(argument.toml.find('"'), argument.toml.size());
      const std::string number =
          argument.toml.substr(0, quote) + with_replaced(argument.toml.substr(quote), defaults_);
      text.add(options_.args[i],
               fmt::format("  {},\n", argument.is_tensor() ? toml_string(argument.name) : number));
    }
    text.add(option, "]\n");
  }

  // Adds what --values and --expected say of the tensor. Returns whether there are --values.
  bool add_values(const ArgumentText& tensor, Text& text) const {
    bool has_values = false;
    for (const auto& [option, values] : given_) {
      if (values.tensor != tensor.name) continue;
      has_values = has_values || option->flag == "values";
      text.add(*option, values_lines(*option, values, tensor.type, name_in_spec(files_, values)));
    }
    return has_values;
  }

  void add_tensor(const SourceOption& option, const ArgumentText& argument, Text& text) const {
    text.add(option,
             fmt::format("\n[[tensor]]\nname = {}\nrole = \"{}\"\nshape = [{}]\n",
                         toml_string(argument.name), argument.role, toml_list(argument.extents)));
    if (argument.type.dtype != dtype()) {
      text.add(option, fmt::format("dtype = \"{}\"\n", name_of(argument.type.dtype)));
    }
    const bool has_values = add_values(argument, text);
    if (argument.type.is_bool && argument.role != "out" && !has_values) {
      text.add(option, "range = [\"0\", \"1\"]\n");
    }
  }

  Text kernel_text() const {
    Text text(options_.kernel);
    text.add(options_.kernel, fmt::format("[kernel]\nsource = {}\n{}knobs = \"macros\"\n",
                                          toml_string(file_), needs_text()));
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
    for (std::size_t i = 0; i < constants_.size(); ++i) {
      text.add(options_.constants[i], fmt::format("\n[[constant]]\nsymbol = {}\ntensor = {}\n",
                                                  toml_string(constants_[i].symbol),
                                                  toml_string(constants_[i].tensor.name)));
    }
    add_launch(text);
    return text;
  }

  // Returns the line that asks for the alignment of vector types such as float4. The size of the
  // largest number is the least alignment of any call.
  std::string needs_text() const {
    int numbers = 2, vectors = 0;
    for (const ArgumentText* tensor : tensors()) {
      numbers = std::max(numbers, size_of(tensor->type.dtype));
    }
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
      if (!arguments_[i].is_tensor()) continue;
      const SourceParameter* parameter = kernel_.parameters ? &(*kernel_.parameters)[i] : nullptr;
      vectors = std::max(vectors, alignment_of(arguments_[i], parameter));
    }
    return vectors > numbers ? fmt::format("needs = \"align >= {}\"\n", vectors) : "";
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
      const std::string key = toml_string(option.text);  // bytes that are no UTF-8 are replaced
      if (seen.insert(key).second) text.add(option, fmt::format("{0} = {0}\n", key));
    }
  }

  void add_launch(Text& text) const {
    text.add(options_.kernel,
             fmt::format("\n[[launch]]\nentry = {}\n", toml_string(kernel_.entry)));
    for (const SourceOption* extent : {&options_.grid, &options_.block}) {
      text.add(*extent, fmt::format("{} = [{}]\n", extent->flag,
                                    toml_list(split_outside(extent->text, ','))));
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
  const std::vector<DataFile>& files_;
  std::vector<std::pair<std::string, std::string>> sizes_;
  std::vector<KnobText> knobs_;
  std::vector<std::string> knob_names_, values_;  // values: the names of sizes and knobs
  KernelChoice kernel_;
  std::vector<ArgumentText> arguments_;
  std::vector<ConstantText> constants_;
  std::vector<GivenValues> given_;
  ReferenceText reference_;
  KernelChoice reference_choice_;
  std::vector<Replacement> defaults_;  // of the knobs
};

}  // namespace

GeneratedSpecs<SourceOption> specs_of_source(const SourceOptions& options, const std::string& file,
                                             const std::string& name, const Texts& sources,
                                             const std::vector<DataFile>& files) {
  return Writer(options, file, sources, files).run(name);
}

}  // namespace tw
