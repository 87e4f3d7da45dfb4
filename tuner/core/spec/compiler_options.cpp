#include "core/spec/compiler_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/expr/expr.h"

namespace tw {
namespace {

constexpr std::array<std::string_view, 20> flags{
    "-use_fast_math",
    "--use_fast_math",
    "-lineinfo",
    "--generate-line-info",
    "-G",
    "--device-debug",
    "-restrict",
    "--restrict",
    "-extra-device-vectorization",
    "--extra-device-vectorization",
    "-fmad=true",
    "-fmad=false",
    "--fmad=true",
    "--fmad=false",
    "-ftz=true",
    "-ftz=false",
    "-prec-div=true",
    "-prec-div=false",
    "-prec-sqrt=true",
    "-prec-sqrt=false",
};

// Returns what follows the prefix; nothing if `text` does not have the prefix.
std::optional<std::string_view> after(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::string> define_of(std::string_view option) {
  auto define = after(option, "-D");
  if (!define) define = after(option, "--define-macro=");
  if (!define) return std::nullopt;
  return define->find('=') == define->npos ? fmt::format("{}=1", *define) : std::string(*define);
}

std::optional<std::string> include_folder_of(std::string_view option) {
  auto folder = after(option, "-I");
  if (!folder) folder = after(option, "--include-path=");
  return folder ? std::optional<std::string>(*folder) : std::nullopt;
}

std::optional<int> standard_of(std::string_view option) {
  auto name = after(option, "-std=");
  if (!name) name = after(option, "--std=");
  for (const int standard : {11, 14, 17, 20}) {
    if (name && *name == fmt::format("c++{}", standard)) return standard;
  }
  return std::nullopt;
}

std::string option_fault(std::string_view option) {
  if (const auto define = define_of(option)) {
    const bool one_line = std::none_of(define->begin(), define->end(), [](char c) {
      return static_cast<unsigned char>(c) < ' ' || c == '\\';
    });
    if (one_line && is_identifier(define->substr(0, define->find('=')))) return "";
    return "defines no macro: write it as -DNAME=VALUE";
  }
  for (const char* prefix : {"-U", "--undefine-macro="}) {
    const auto name = after(option, prefix);
    if (name && is_identifier(*name)) return "";
  }
  for (const char* prefix : {"-maxrregcount=", "--maxrregcount="}) {
    const auto count = after(option, prefix);
    if (count && is_number(*count)) return "";
  }
  if (const auto folder = include_folder_of(option)) {
    return folder->empty() ? "names no folder: write it as -Ifolder, in one piece" : "";
  }
  if (standard_of(option)) return "";
  if (std::find(flags.begin(), flags.end(), option) != flags.end()) return "";
  return "is not passed on: remove it; options that touch no other file are: -D, -U, -Ifolder, "
         "-use_fast_math, -std=c++17, -fmad=false, -maxrregcount=N, -lineinfo, -G";
}

}  // namespace tw
