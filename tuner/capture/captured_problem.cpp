#include "capture/captured_problem.h"

#include <fmt/format.h>

namespace tw::capture {

std::string CapturedProblem::shape_text() const {
  std::string text;
  for (const auto& [name, value] : shape) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, value);
  }
  return text;
}

std::string CapturedProblem::line() const {
  std::string text = fmt::format("{} {}", op, shape_text());
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) text += fmt::format(" {}={}", name, value);
  };
  add("layout", layout);
  add("dtype", dtype);
  add("math", math);
  add("epilogue", epilogue);
  return text;
}

}  // namespace tw::capture
