// All that the report's page shows, as one JSON document.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "db/store.h"

namespace tw {

struct ReportRequest {
  std::string database;   // path
  std::string other{};    // path of the database to compare with; may be empty
  Filter filter{};        // of both databases
  std::string command{};  // how the report was asked for
};

// Reads the databases. The document's `problems` are empty if nothing matches the filter. Throws
// Error like Store::open.
nlohmann::ordered_json report_json(const ReportRequest& request);

}  // namespace tw
