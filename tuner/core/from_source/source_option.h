// One option of the command line that describes a kernel.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace tw {

// An option as the user gave it: --arg 'f32[n]:in'.
struct SourceOption {
  std::string flag;  // "arg"
  std::string text;

  // Throws Error that names the option and its text.
  [[noreturn]] void fail(std::string_view what) const {
    // A reader that names the text, too, need not say it twice.
    for (const std::string& again :
         {fmt::format("{}: ", text), fmt::format("{} '{}': ", flag, text)}) {
      if (what.starts_with(again)) what.remove_prefix(again.size());
    }
    throw Error(fmt::format("--{} '{}': {}", flag, text, what));
  }
};

// The options that describe a kernel of a source. Only `kernel`, `grid` and `block` must be there.
struct SourceOptions {
  SourceOption kernel{"kernel", ""};  // "saxpy.cu:saxpy"
  std::vector<SourceOption> knobs, conditions, args, sizes, compiler;
  SourceOption grid{"grid", ""}, block{"block", ""}, smem{"smem", ""};
  std::vector<SourceOption> values, expected, constants;
  SourceOption reference{"reference", ""};
};

}  // namespace tw
