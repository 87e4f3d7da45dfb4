// Numbers for readers: few significant digits and a unit.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/objective.h"

namespace tw {

std::string format_significant(double value, int digits);  // no exponent below 10^15
std::string format_time(double ns);                        // "2.683 ms"; "-" if not positive
std::string format_energy(double mj);                      // "41.70 mJ"; empty if not measured
std::string format_power(double w);                        // "412 W"; empty if not measured
// Returns the value of an objective with its unit: "2.683 ms", "41.7 mJ", "111.9 us J".
std::string format_value(Objective objective, double value);
std::string format_count(std::int64_t value);  // "349,853"
std::string format_duration(double seconds);   // "12.3 s", "2 m 05 s"
// Returns a rate in `unit` with a suitable prefix: format_rate(51.2e12, "FLOP/s") is "51.2
// TFLOP/s".
std::string format_rate(double per_second, std::string_view unit);
// Returns a configuration as initials and values for a progress line: "block_m=128 swizzle=true
// order=along_m" becomes "bm128 s1 oalong_m".
std::string abbreviate(std::string_view configuration);
// Returns by how much something is slower, from the bounds of a ratio: "0.2 to 1.1 %", "38 to 39
// times".
std::string format_slower(double low, double high);
std::vector<std::string> words_of(const std::string& text);  // split at white space
// Returns the words of a configuration that differ from another configuration of the same kernel;
// all words if it has other knobs.
std::string difference(const std::string& configuration, const std::string& from);
// Returns the number of characters (code points) of a text in UTF-8.
std::size_t width_of(std::string_view text);
// Returns the text cut to `width` characters.
std::string clipped(std::string_view text, std::size_t width);

}  // namespace tw
