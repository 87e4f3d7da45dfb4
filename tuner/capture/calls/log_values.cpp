#include "capture/calls/log_values.h"

#include <charconv>

namespace tw::capture {

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), last, value);
  return fault == std::errc() && end == last ? std::optional(value) : std::nullopt;
}

std::string_view word_of(std::string_view text, std::string_view prefix) {
  text = text.substr(0, text.find_first_of(" ("));
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return text;
}

}  // namespace tw::capture
