// The time that a program would save if tuned kernels ran the problems of a list
// (docs/capture.md).
#pragma once
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "session/list_report.h"

namespace tw {

// A problem of a list with a number of calls, a winner and a library's time.
struct ProblemGain {
  const ListEntry* entry = nullptr;
  double gain_ns =
      0;  // of all calls: calls x (the library's time - ours); negative if ours is more
  double library_ns = 0;  // of all calls
};

struct ListGain {
  std::vector<ProblemGain> problems;  // the largest gain first
  // The sums over all calls. A problem gains nothing if the library is faster.
  double gain_ns = 0, library_ns = 0;
  std::size_t library_stays = 0;        // problems where the library is faster
  std::size_t not_compared = 0;         // problems with a number of calls that lack a time
  std::int64_t calls_not_compared = 0;  // their calls
};

ListGain gain_of(const ListReport& report);
// Returns the table with its sum; empty if the list has no number of calls.
std::string gain_text(const ListReport& report);
// Returns the "gain" of a summary; null if the list has no number of calls.
nlohmann::ordered_json gain_json(const ListReport& report);

}  // namespace tw
