#include "ui/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <sstream>
#include <utility>

namespace tw {
namespace {

// Returns whether a byte of UTF-8 is the first one of a character.
bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

}  // namespace

std::string format_significant(double value, int digits) {
  if (value == 0 || !std::isfinite(value)) return fmt::format("{:.0f}", value);
  const int magnitude = static_cast<int>(std::floor(std::log10(std::abs(value))));
  return fmt::format("{:.{}f}", value, std::max(0, digits - 1 - magnitude));
}

std::string format_time(double ns) {
  if (!(ns > 0) || !std::isfinite(ns)) return "-";
  constexpr std::array<std::pair<double, const char*>, 4> units{
      {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}}};
  for (const auto& [scale, unit] : units) {
    if (ns >= scale) return format_significant(ns / scale, 4) + " " + unit;
  }
  return format_significant(ns, 4) + " ns";
}

namespace {

// Returns the value in the largest unit of which it is one or more. The units are sorted, largest
// first.
template <std::size_t count>
std::string in_units(double value, const std::array<std::pair<double, const char*>, count>& units) {
  if (!(value > 0) || !std::isfinite(value)) return "";
  const auto at = std::find_if(units.begin(), units.end() - 1,
                               [&](const auto& unit) { return value >= unit.first; });
  return format_significant(value / at->first, 4) + " " + at->second;
}

}  // namespace

std::string format_energy(double mj) {
  return in_units<4>(mj, {{{1e6, "kJ"}, {1e3, "J"}, {1, "mJ"}, {1e-3, "uJ"}}});
}

std::string format_power(double w) {
  return w > 0 && std::isfinite(w) ? format_significant(w, 3) + " W" : "";
}

std::string format_value(Objective objective, double value) {
  if (objective == Objective::time) return format_time(value);
  if (objective == Objective::energy) return format_energy(value);
  // 1 ns mJ is 1e-6 us J
  return in_units<4>(value, {{{1e12, "s J"}, {1e9, "ms J"}, {1e6, "us J"}, {1e3, "ns J"}}});
}

std::string format_count(std::int64_t value) {
  std::string digits = std::to_string(value);
  const std::size_t first = digits.front() == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string format_duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::lround(seconds));
  if (whole < 3600) return fmt::format("{} m {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} m", whole / 3600, whole / 60 % 60);
}

std::string format_rate(double per_second, std::string_view unit) {
  constexpr std::array<std::pair<double, const char*>, 4> prefixes{
      {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}};
  for (const auto& [scale, prefix] : prefixes) {
    if (per_second >= scale) {
      return fmt::format("{} {}{}", format_significant(per_second / scale, 3), prefix, unit);
    }
  }
  return fmt::format("{} {}", format_significant(per_second, 3), unit);
}

std::string abbreviate(std::string_view configuration) {
  std::string out;
  while (!configuration.empty()) {
    const std::size_t end = std::min(configuration.find(' '), configuration.size());
    const std::string_view pair = configuration.substr(0, end);
    configuration.remove_prefix(std::min(end + 1, configuration.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (!out.empty()) out += ' ';
    bool initial = true;
    for (const char c : pair.substr(0, equals)) {
      if (initial && c != '_') out += c;
      initial = c == '_';
    }
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    out += value == "true" ? "1" : value == "false" ? "0" : std::string(value);
  }
  return out;
}

std::string format_slower(double low, double high) {
  if (low < 2) return fmt::format("{:.1f} to {:.1f} %", 100 * (low - 1), 100 * (high - 1));
  return fmt::format("{} to {} times", format_significant(low, 3), format_significant(high, 3));
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

std::string difference(const std::string& configuration, const std::string& from) {
  const std::vector<std::string> its = words_of(configuration), others = words_of(from);
  if (its.size() != others.size()) return configuration;
  std::string text;
  for (std::size_t i = 0; i < its.size(); ++i) {
    if (its[i] != others[i]) text += (text.empty() ? "" : " ") + its[i];
  }
  return text;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string clipped(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  const std::string_view dots = width > 3 ? "..." : "";
  std::size_t kept = 0, end = 0;
  while (true) {
    if (starts_character(text[end]) && kept++ == width - dots.size()) break;
    ++end;
  }
  return std::string(text.substr(0, end)).append(dots);
}

}  // namespace tw
