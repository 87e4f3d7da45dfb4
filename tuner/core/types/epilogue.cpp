// Parsing and printing of epilogue chains.
#include "core/types/epilogue.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/error.h"
#include "core/expr/expr.h"
#include "core/text/nearest.h"
#include "core/text/words.h"

namespace tw {
namespace {

constexpr std::size_t max_steps = 32;

const std::vector<EpilogueWord>& words() {
  static const std::vector<EpilogueWord> table{
      {"bias", "Bias", {}, {}, true, "adds a vector: one value a channel of the output"},
      {"bias_column",
       "BiasColumn",
       {},
       {},
       true,
       "adds a vector: one value a column of the output"},
      {"bias_row", "BiasRow", {}, {}, true, "adds a vector: one value a row of the output"},
      {"residual",
       "Residual",
       {},
       {},
       true,
       "adds a tensor of the output's shape and strides, or of what a reduction takes, dense"},
      {"relu", "Relu", {}, {}, false, "max(x, 0)"},
      {"relu6", "Relu6", {}, {}, false, "min(max(x, 0), 6)", false, true},
      {"leaky_relu", "LeakyRelu", {"slope"}, {0.01F}, false, "x > 0 ? x : slope * x"},
      {"elu", "Elu", {"alpha"}, {1}, false, "x > 0 ? x : alpha * (exp(x) - 1)"},
      {"selu", "Selu", {}, {}, false, "1.0507 * elu(1.6733)"},
      {"gelu", "Gelu", {}, {}, false, "x * (1 + erf(x / sqrt(2))) / 2"},
      {"gelu_tanh",
       "GeluTanh",
       {},
       {},
       false,
       "x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2"},
      {"silu", "Silu", {}, {}, false, "x / (1 + exp(-x))"},
      {"sigmoid", "Sigmoid", {}, {}, false, "1 / (1 + exp(-x))", false, true},
      {"tanh", "Tanh", {}, {}, false, "the hyperbolic tangent", false, true},
      {"hardswish", "Hardswish", {}, {}, false, "x * min(max(x + 3, 0), 6) / 6"},
      {"hardsigmoid", "Hardsigmoid", {}, {}, false, "min(max(x + 3, 0), 6) / 6", false, true},
      {"softplus", "Softplus", {}, {}, false, "log(1 + exp(x))"},
      {"clamp", "Clamp", {"lo", "hi"}, {0, 1}, false, "min(max(x, lo), hi)", false, true},
      {"scale", "Scale", {"factor"}, {2}, false, "x * factor"},
      {"div", "Div", {"divisor"}, {2}, false, "x / divisor"},
      {"add", "Add", {"term"}, {3}, false, "x + term"},
      {"logsumexp",
       "LogSumExp",
       {},
       {},
       false,
       "log(sum(exp(x))) of a row, which it reduces",
       true,
       true},
      {"max", "Max", {}, {}, false, "the largest of a row, which it reduces", true, true},
      {"sum", "Sum", {}, {}, false, "the sum of a row, which it reduces", true},
  };
  return table;
}

const EpilogueWord& word_of(const std::string& name) {
  std::vector<std::string> known;
  for (const EpilogueWord& word : words()) {
    if (word.name == name) return word;
    known.emplace_back(word.name);
  }
  throw Error(fmt::format(
      "epilogue step '{}' is unknown: {}", name,
      did_you_mean(name, known, fmt::format("the steps are {}", fmt::join(known, ", ")))));
}

float number_of(const std::string& text, const EpilogueWord& word) {
  float value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc() || rest != end || !std::isfinite(value)) {
    throw Error(fmt::format("epilogue step {}: '{}' is not a finite number", word.name, text));
  }
  return value;
}

// Splits `text` at commas outside parentheses and trims each part. Throws Error if parentheses are
// not balanced.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '(') ++depth;
    if (c == ')') --depth;
    const bool ends = c == ',' && (depth == 0 || i == text.size());
    if (depth < 0 || depth > 1 || (depth != 0 && i == text.size())) {
      throw Error(fmt::format("epilogue '{}': parentheses do not match", text));
    }
    if (!ends) continue;
    parts.emplace_back(trimmed(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  return parts;
}

EpilogueStep parse_step(const std::string& text) {
  const auto open = text.find('(');
  EpilogueStep step;
  step.word = &word_of(std::string(trimmed(std::string_view(text).substr(0, open))));
  const EpilogueWord& word = *step.word;
  std::vector<std::string> arguments;
  if (open != std::string::npos) {
    if (text.back() != ')') {
      throw Error(fmt::format("epilogue step '{}': a comma belongs after ')'", text));
    }
    const std::string_view inside =
        trimmed(std::string_view(text).substr(open + 1, text.size() - open - 2));
    if (!inside.empty()) arguments = split(inside);
  }
  if (arguments.size() != word.parameters.size()) {
    throw Error(word.parameters.empty()
                    ? fmt::format("epilogue step '{}': {} takes no arguments", text, word.name)
                    : fmt::format("epilogue step '{}': write {}({}), for example {}({})", text,
                                  word.name, fmt::join(word.parameters, ","), word.name,
                                  fmt::join(word.typical, ",")));
  }
  for (const std::string& argument : arguments) step.arguments.push_back(number_of(argument, word));
  return step;
}

// A reduction leaves one value of each row, so nothing can follow it.
Epilogue checked(Epilogue epilogue) {
  for (std::size_t i = 0; i + 1 < epilogue.steps.size(); ++i) {
    const EpilogueWord& word = *epilogue.steps[i].word;
    if (!word.reduces) continue;
    const EpilogueWord& last = *epilogue.steps.back().word;
    throw Error(last.reduces
                    ? fmt::format("epilogue '{}': there can be one reduction, and here are {} and "
                                  "{}: remove one",
                                  epilogue.text(), word.name, last.name)
                    : fmt::format("epilogue '{}': {} follows the reduction {}: put {} last",
                                  epilogue.text(), epilogue.steps[i + 1].word->name, word.name,
                                  word.name));
  }
  return epilogue;
}

std::vector<std::string> steps_of(std::string_view text) {
  if (trimmed(text).empty()) return {};
  std::vector<std::string> parts = split(text);
  if (parts.size() > max_steps) {
    throw Error(
        fmt::format("an epilogue has at most {} steps, this one has {}", max_steps, parts.size()));
  }
  return parts;
}

// Returns the factor by which a step multiplies.
double factor_of(const EpilogueStep& step) {
  if (step.word->name == "scale") return static_cast<double>(step.arguments[0]);
  if (step.word->name == "div") return 1 / static_cast<double>(step.arguments[0]);
  return 1;
}

}  // namespace

std::span<const EpilogueWord> epilogue_words() { return words(); }

Epilogue Epilogue::parse(std::string_view text) {
  Epilogue epilogue;
  for (const std::string& part : steps_of(text)) epilogue.steps.push_back(parse_step(part));
  return checked(std::move(epilogue));
}

Epilogue Epilogue::from_structure(std::string_view text) {
  Epilogue epilogue;
  for (const std::string& part : steps_of(text)) {
    const EpilogueWord& word = word_of(part);
    epilogue.steps.push_back({&word, word.typical});
  }
  return checked(std::move(epilogue));
}

std::string Epilogue::text() const {
  std::vector<std::string> parts;
  for (const EpilogueStep& step : steps) {
    parts.push_back(step.arguments.empty()
                        ? std::string(step.word->name)
                        : fmt::format("{}({})", step.word->name, fmt::join(step.arguments, ",")));
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

std::string Epilogue::structure() const {
  std::vector<std::string_view> parts;
  for (const EpilogueStep& step : steps) parts.push_back(step.word->name);
  return fmt::format("{}", fmt::join(parts, ","));
}

std::string Epilogue::cpp_type() const {
  std::vector<std::string> parts;
  for (const EpilogueStep& step : steps) {
    parts.push_back(fmt::format("tw::epilogue::{}", step.word->cpp_type));
  }
  if (!reduced()) return fmt::format("tw::epilogue::Chain<{}>", fmt::join(parts, ", "));
  const std::string reduction = parts.back();
  parts.pop_back();
  return fmt::format("tw::epilogue::Reduced<tw::epilogue::Chain<{}>, {}>", fmt::join(parts, ", "),
                     reduction);
}

// A constant that is added may be so large that the storage type rounds away the effect of a fault,
// in all outputs alike. A bias or a residual differs from output to output: some sums lie where a
// small change rounds the other way, and these show the fault. Factors above 64 or below 1/64 may
// leave only infinities, zeros or subnormals, or values too small beside a bias.
bool Epilogue::hides() const {
  double factor = 1;
  for (const EpilogueStep& step : steps) {
    if (step.word->hides) return true;
    if (step.word->name == "add" && step.arguments[0] != 0) return true;
    factor *= std::fabs(factor_of(step));
    if (!(factor >= 1.0 / 64 && factor <= 64)) return true;
  }
  return false;
}

bool Epilogue::reduced() const { return !steps.empty() && steps.back().word->reduces; }

}  // namespace tw
