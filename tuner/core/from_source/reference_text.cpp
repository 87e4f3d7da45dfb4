#include "core/from_source/reference_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/from_source/text_parts.h"
#include "core/spec/sources.h"
#include "core/text/words.h"

namespace tw {
namespace {

// Returns the extents of "ceil_div(n, 16)" or of "(n, m)".
std::vector<std::string> extents_of(const SourceOption& option, const std::string& text) {
  std::vector<std::string> extents{text};
  if (text.starts_with('(') && text.ends_with(')')) {
    std::vector<std::string> inner = split_outside(text.substr(1, text.size() - 2), ',');
    // "(a) * (b)" begins and ends with parentheses, too.
    if (inner.size() > 1) extents = std::move(inner);
  }
  const bool has_empty = std::count(extents.begin(), extents.end(), std::string()) > 0;
  if (!has_empty && extents.size() <= 3) return extents;
  option.fail(
      "write the grid and the block as one to three expressions, as in "
      "plain<<<(ceil_div(n, 16), m), (16, 16)>>>");
}

}  // namespace

ReferenceText read_reference_text(const SourceOption& option) {
  const std::string text(trimmed(option.text));
  const std::size_t open = text.find("<<<");
  ReferenceText reference{std::string(trimmed(text.substr(0, open))), {}, {}, ""};
  if (reference.name.empty()) {
    option.fail("names no kernel: write it as in --reference plain, or 'plain<<<n, 1>>>'");
  }
  if (open == text.npos) return reference;
  if (!text.ends_with(">>>") || text.size() < open + 6) {
    option.fail("the launch does not end in >>>: write it as in plain<<<ceil_div(n, 256), 256>>>");
  }
  const std::vector<std::string> parts =
      split_outside(text.substr(open + 3, text.size() - open - 6), ',');
  if (parts.size() < 2 || parts.size() > 3) {
    option.fail(
        "a launch has a grid and a block, and perhaps bytes of shared memory: write it as in "
        "plain<<<ceil_div(n, 256), 256>>>");
  }
  reference.grid = extents_of(option, parts[0]);
  reference.block = extents_of(option, parts[1]);
  if (parts.size() == 3) reference.smem = parts[2];
  return reference;
}

std::string with_replaced(const std::string& expression, const std::vector<Replacement>& values) {
  std::string result;
  for (std::size_t at = 0; at < expression.size();) {
    std::size_t end = at;
    while (end < expression.size() && is_word(expression[end])) ++end;
    const std::string word = expression.substr(at, std::max<std::size_t>(end - at, 1));
    const auto found = std::find_if(values.begin(), values.end(),
                                    [&](const Replacement& one) { return one.name == word; });
    const bool is_member = at > 0 && expression[at - 1] == '.';
    result += found == values.end() || is_member ? word : fmt::format("({})", found->value);
    at += word.size();
  }
  return result;
}

}  // namespace tw
