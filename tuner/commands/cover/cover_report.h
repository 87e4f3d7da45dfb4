// The loss of a header of a few configurations on the shapes of a range, as text and as JSON.
#pragma once
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "commands/cover/cover_run.h"
#include "cover/regret.h"

namespace tw {

// A tuned shape, and the configuration of the portfolio that serves it best.
struct ServedShape {
  std::string problem, kernel, configuration;
  double best_ns = 0, slowdown = 1;
};

// The state after the work on a range: the loss of a header, and what is still to do.
struct CoverReport {
  std::string range;  // as the user wrote it
  Covered covered;
  std::size_t kernels = 0;  // configurations of the portfolio
  bool is_optimal = true;   // no other portfolio of this size loses less
  std::vector<ServedShape> shapes;
  Regret regret;    // of the portfolio
  Regret left_out;  // of the choice for each shape by the others
  HeldOutShapes held_out;

  bool is_complete() const {
    return covered.is_complete() && !shapes.empty() && held_out.is_complete();
  }
};

std::string text_of(const CoverReport& report);
nlohmann::ordered_json json_of(const CoverReport& report);

}  // namespace tw
