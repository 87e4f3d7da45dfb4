#include "capture/log_values.h"

#include <charconv>

namespace tw::capture {
namespace {

template <class Number>
std::optional<Number> whole_of(std::string_view text) {
  Number value{};
  const char* const last = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), last, value);
  if (text.empty() || fault != std::errc() || end != last) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::int64_t> integer_of(std::string_view text) {
  return whole_of<std::int64_t>(text);
}

std::optional<double> number_of(std::string_view text) { return whole_of<double>(text); }

std::string_view word_of(std::string_view text, std::string_view prefix) {
  text = text.substr(0, text.find_first_of(" ("));
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return text;
}

}  // namespace tw::capture
