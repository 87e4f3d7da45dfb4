// The state of the L2 cache before each sample.
#pragma once
#include <optional>
#include <string_view>

namespace tw {

enum class L2 { cold, warm };

// Their names in the database, in files and on the command line.
constexpr std::string_view name_of(L2 l2) { return l2 == L2::cold ? "cold" : "warm"; }

constexpr std::optional<L2> parse_l2(std::string_view text) {
  for (const L2 l2 : {L2::cold, L2::warm}) {
    if (name_of(l2) == text) return l2;
  }
  return std::nullopt;
}

}  // namespace tw
