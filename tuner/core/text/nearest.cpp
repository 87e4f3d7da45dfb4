#include "core/text/nearest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace tw {
namespace {

std::string in_lower_case(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Returns the least number of edits from `a` to `b`. An edit inserts, removes or replaces a letter,
// or swaps two neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.size()];
}

// Returns the only candidate that begins with `word`; empty if there is none, or if there are more.
std::string only_beginning(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t kShortest = 2;
  if (word.size() < kShortest) return "";
  std::string found;
  for (const std::string& candidate : candidates) {
    if (!in_lower_case(candidate).starts_with(word)) continue;
    if (!found.empty()) return "";
    found = candidate;
  }
  return found;
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t kLongest = 64;  // of words that are worth comparing
  if (word.size() > kLongest) return "";
  const std::string lower = in_lower_case(word);
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::string found;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    const std::size_t distance = edit_distance(lower, in_lower_case(candidate));
    if (distance < best && distance < word.size()) {
      best = distance;
      found = candidate;
    }
  }
  return found.empty() ? only_beginning(lower, candidates) : found;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known,
                         std::string_view otherwise) {
  const std::string near = nearest(word, known);
  if (near.empty()) return std::string(otherwise);
  return near.starts_with("--") ? fmt::format("did you mean {}?", near)
                                : fmt::format("did you mean '{}'?", near);
}

std::string suggestion(std::string_view word, std::span<const std::string> known) {
  if (known.empty()) return ": there are none";
  return ": " + did_you_mean(word, known, fmt::format("known are {}", fmt::join(known, ", ")));
}

std::string one_of(std::string_view word, std::span<const std::string> known) {
  const std::string hint = did_you_mean(word, known, "");
  return fmt::format("one of {}{}{}", fmt::join(known, ", "), hint.empty() ? "" : "; ", hint);
}

}  // namespace tw
