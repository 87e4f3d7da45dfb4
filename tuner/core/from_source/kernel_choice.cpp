#include "core/from_source/kernel_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "core/from_source/text_parts.h"
#include "core/spec/kernel_name.h"
#include "core/spec/sources.h"
#include "core/text/nearest.h"
#include "core/text/words.h"

namespace tw {
namespace {

bool is_source(std::string_view path) {
  return path.ends_with(".cu") || path.ends_with(".cuh") || path.ends_with(".cuda");
}

std::string without_arguments(std::string_view name) {
  return std::string(trimmed(name.substr(0, name.find('<'))));
}

// Writes '$' before each knob among the template arguments.
std::string with_marks(std::string_view name, const std::vector<std::string>& knobs) {
  const std::size_t arguments = std::min(name.find('<'), name.size());
  std::string result(name.substr(0, arguments));
  for (std::size_t i = arguments; i < name.size();) {
    const std::size_t begin = i;
    while (i < name.size() && is_word(name[i])) ++i;
    if (i == begin) {
      result += name[i++];
      continue;
    }
    const std::string word(name.substr(begin, i - begin));
    const bool is_knob = std::find(knobs.begin(), knobs.end(), word) != knobs.end();
    const bool is_whole = name[begin - 1] != '$' && name[begin - 1] != ':';
    result += is_knob && is_whole ? "$" + word : word;
  }
  return result;
}

// Returns whether a list of template arguments has an empty one, as "scale<float, >" has.
bool has_empty_argument(std::string_view name) {
  char before = ' ';
  for (const char c : name) {
    if (c == ' ') continue;
    if ((c == ',' || c == '>') && before == ',') return true;
    if (c == ',' && before == '<') return true;
    before = c;
  }
  return false;
}

class Choosing {
 public:
  Choosing(const SourceOption& option, const std::string& file, const Texts& sources,
           const std::vector<std::string>& knobs)
      : option_(option), file_(file), sources_(sources), knobs_(knobs) {
    functions_ = kernels_of(sources.at(file));
  }

  KernelChoice run(const std::string& asked) {
    if (asked.empty()) return chosen(only(), "");
    const std::string name(trimmed(asked));
    if (!is_kernel_name(name)) fail_name(name);
    if (has_empty_argument(name)) {
      option_.fail(
          "a template argument is empty: put the option into single quotes, because the shell "
          "replaces $NAME in double quotes");
    }
    std::vector<SourceFunction> found = named(functions_, without_arguments(name));
    for (auto at = sources_.begin(); found.empty() && at != sources_.end(); ++at) {
      if (at->first != file_) found = named(kernels_of(at->second), without_arguments(name));
    }
    if (found.empty()) return undeclared(name);
    return chosen(found, name);
  }

 private:
  [[noreturn]] void fail_name(const std::string& name) const {
    option_.fail(
        fmt::format("'{}' names no kernel: write it as C++ does, for example scale or "
                    "'shop::scale<float, $BLOCK>'",
                    name));
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const SourceFunction& function : functions_) {
      if (std::find(all.begin(), all.end(), function.name) == all.end()) {
        all.push_back(function.name);
      }
    }
    return all;
  }

  // Returns the declarations of the only kernel of the source.
  std::vector<SourceFunction> only() const {
    const std::vector<std::string> all = names();
    if (all.size() == 1) return functions_;
    if (all.empty()) {
      option_.fail(fmt::format("{} has no __global__ function: name a source that has one", file_));
    }
    option_.fail(fmt::format("{} has {} kernels: name one, as in {}:{}; there are {}", file_,
                             all.size(), file_, all.front(), fmt::join(all, ", ")));
  }

  // Returns the functions of this name. A name without its namespaces is enough if only one kernel
  // has it.
  static std::vector<SourceFunction> named(const std::vector<SourceFunction>& all,
                                           const std::string& name) {
    std::vector<SourceFunction> exact, tail;
    for (const SourceFunction& function : all) {
      if (function.name == name) exact.push_back(function);
      if (function.name.ends_with("::" + name)) tail.push_back(function);
    }
    if (!exact.empty()) return exact;
    const auto differs = [&](const SourceFunction& one) { return one.name != tail.front().name; };
    return std::any_of(tail.begin(), tail.end(), differs) ? exact : tail;
  }

  // A macro may declare the kernel, or write its __global__. The compiler knows then.
  KernelChoice undeclared(const std::string& name) const {
    const std::string function = function_of(name);
    const bool is_there = std::any_of(sources_.begin(), sources_.end(), [&](const auto& source) {
      return mentions(source.second, function);
    });
    if (is_there) return {with_marks(name, knobs_), std::nullopt};
    const std::vector<std::string> all = names();
    if (all.empty()) option_.fail(fmt::format("{} has no __global__ function", file_));
    const std::string hint = did_you_mean(without_arguments(name), all, "");
    const std::string known = fmt::to_string(fmt::join(all, ", "));
    option_.fail(fmt::format("{} has no kernel '{}': {}", file_, without_arguments(name),
                             hint.empty() || all.size() == 1
                                 ? fmt::format("its kernels are {}", known)
                                 : fmt::format("{} Its kernels are {}", hint, known)));
  }

  // Returns the instance of the template that the user may mean.
  std::string example_of(const SourceFunction& function) const {
    std::vector<std::string> arguments;
    for (const std::string& parameter : function.template_parameters) {
      const bool is_knob = std::find(knobs_.begin(), knobs_.end(), parameter) != knobs_.end();
      arguments.push_back((is_knob ? "$" : "") + (parameter.empty() ? "..." : parameter));
    }
    return fmt::format("'{}:{}<{}>'", file_, function.name, fmt::join(arguments, ", "));
  }

  KernelChoice chosen(const std::vector<SourceFunction>& found, const std::string& asked) const {
    const SourceFunction& first = found.front();
    const std::size_t arguments = asked.find('<');
    if (first.is_template && arguments == asked.npos) {
      option_.fail(fmt::format("{} is a template: name an instance of it, as in {}", first.name,
                               example_of(first)));
    }
    KernelChoice choice{first.name, first.parameters};
    if (arguments != asked.npos) choice.entry += asked.substr(arguments);
    choice.entry = with_marks(choice.entry, knobs_);
    for (const SourceFunction& other : found) {
      const auto same = [](const SourceParameter& a, const SourceParameter& b) {
        return without_qualifiers(a.type) == without_qualifiers(b.type);
      };
      const bool is_overload = !std::equal(first.parameters.begin(), first.parameters.end(),
                                           other.parameters.begin(), other.parameters.end(), same);
      if (is_overload) choice.parameters.reset();
      // A declaration may leave out the names that the definition has.
      if (choice.parameters && !other.parameters.empty() &&
          !other.parameters.front().name.empty()) {
        choice.parameters = other.parameters;
      }
    }
    return choice;
  }

  const SourceOption& option_;
  const std::string& file_;
  const Texts& sources_;
  const std::vector<std::string>& knobs_;
  std::vector<SourceFunction> functions_;
};

}  // namespace

std::optional<SourceAndName> source_and_name(const std::string& text) {
  if (is_source(text)) return SourceAndName{text, ""};
  for (std::size_t colon = text.find(':'); colon != text.npos; colon = text.find(':', colon + 1)) {
    const std::string path = text.substr(0, colon);
    std::error_code ignored;
    if (!is_source(path) && !std::filesystem::is_regular_file(path, ignored)) continue;
    return SourceAndName{path, text.substr(colon + 1)};
  }
  return std::nullopt;
}

KernelChoice choose_kernel(const SourceOption& option, const std::string& name,
                           const std::string& file, const Texts& sources,
                           const std::vector<std::string>& knobs) {
  return Choosing(option, file, sources, knobs).run(name);
}

}  // namespace tw
