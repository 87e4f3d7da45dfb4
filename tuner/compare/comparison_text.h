// A comparison of two databases as a table for people, and as JSON (docs/json.md).
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "compare/comparison.h"

namespace tw {

// The two sides of a comparison, and what the user asked of it.
struct ComparisonRequest {
  std::string a, b;                   // paths of the databases, or what else names the two sides
  std::optional<double> threshold{};  // 0.05: more than 5 % slower counts
  bool all = false;                   // name the problems that only one database has
};

std::string comparison_text(const Comparison& comparison, const ComparisonRequest& request);
nlohmann::ordered_json comparison_json(const Comparison& comparison,
                                       const ComparisonRequest& request);

}  // namespace tw
