// The report of a list of problems: one table, or JSON, over all of them (docs/json.md).
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/result_report.h"

namespace tw {

// How far a problem of a list came. An interrupted problem may have a winner, as far as it was
// searched. A problem failed if it could not be tuned at all.
enum class ListState { found, nothing, failed, interrupted, not_started };
std::string_view name_of(ListState state);

// A problem of a list, and what was found.
struct ListEntry {
  std::string problem{};  // its key
  ListState state = ListState::not_started;
  std::optional<Ranked> winner{};
  std::optional<FastestBaseline> baseline{};
  std::string note{};      // why there is no winner
  std::int64_t count = 0;  // calls of a program; 0 if the list does not say
};

// Writes the result of a session into the entry.
void set_result(const SessionResult& result, ListEntry& entry);

struct ListReport {
  std::vector<ListEntry> entries;  // in the order of the list
  double seconds = 0;              // wall time of all of them

  std::size_t count(ListState state) const;
  // Returns how many problems have a winner.
  std::size_t winners() const;
  // Returns how many problems have a winner, or were searched without finding one.
  std::size_t ended() const;
};

// Returns the table, and below it how many problems have a winner, and the geometric mean of the
// ratios to the baseline. If the list has numbers of calls, ends with what the program would gain.
std::string list_text(const ListReport& report);
// Returns the "summary" of the document.
nlohmann::ordered_json list_json(const ListReport& report);

}  // namespace tw
