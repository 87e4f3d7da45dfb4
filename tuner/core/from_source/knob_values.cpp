#include "core/from_source/knob_values.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

#include "core/from_source/text_parts.h"
#include "core/text/toml_text.h"
#include "core/text/words.h"

namespace tw {
namespace {

constexpr std::size_t most_values = 65535;

std::optional<double> decimal_of(std::string_view text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = fault == std::errc() && end == text.data() + text.size();
  return is_whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

// Adds the values of "16..128:*2" (16, 32, 64, 128), "0..8:+2" or "1..4".
void add_range(const SourceOption& option, std::string_view text, KnobText& knob) {
  const std::size_t dots = text.find("..");
  const std::size_t colon = text.find(':', dots);
  const auto first = integer_from(trimmed(text.substr(0, dots)));
  const auto last = integer_from(trimmed(text.substr(dots + 2, colon - dots - 2)));
  const std::string_view step = colon == text.npos ? "+1" : trimmed(text.substr(colon + 1));
  const auto size = integer_from(step.empty() ? step : step.substr(1));
  const bool grows = step.starts_with('*') && size && *size > 1 && first && *first > 0;
  const bool adds = step.starts_with('+') && size && *size > 0;
  if (!first || !last || !(grows || adds)) {
    option.fail(fmt::format("'{}' is no range: write 1..8, 0..64:+16 or 16..128:*2", text));
  }
  if (*first > *last) option.fail(fmt::format("the range '{}' ends before it begins", text));
  for (std::int64_t value = *first; value <= *last;) {
    if (knob.values.size() > most_values) option.fail("has more than 65535 values");
    knob.values.push_back(fmt::format("{}", value));
    const bool is_last = grows ? value > *last / *size : value > *last - *size;
    if (is_last) break;
    value = grows ? value * *size : value + *size;
  }
}

void add_value(const SourceOption& option, const std::string& text, KnobText& knob) {
  if (text.find("..") != text.npos) {
    add_range(option, text, knob);
  } else if (const auto value = integer_from(text)) {
    knob.values.push_back(fmt::format("{}", *value));
  } else if (text == "true" || text == "false") {
    knob.values.push_back(text);
  } else if (text.empty()) {
    option.fail("has an empty value: write NAME=VALUE,VALUE, as in BLOCK=64,128,256");
  } else if (const auto real = decimal_of(text)) {
    knob.values.push_back(toml_real(*real));
  } else {
    knob.values.push_back(toml_string(text));
  }
}

}  // namespace

KnobText read_knob(const SourceOption& option) {
  const auto [name, values] = named_value(option, "BLOCK=64,128,256");
  KnobText knob{name, {}};
  for (const std::string& value : split_outside(values, ',')) add_value(option, value, knob);
  return knob;
}

}  // namespace tw
