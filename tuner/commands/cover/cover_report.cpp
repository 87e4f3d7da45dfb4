#include "commands/cover/cover_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "commands/emit/emit_portfolio.h"
#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/table.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

// The slowdowns of what a header chooses for shapes that were not tuned.
struct HeldOutRegret {
  Regret against_best, against_library;
  std::size_t unserved = 0;  // shapes for which the header has no configuration
  std::size_t failed = 0;    // shapes on which the choice does not work
};

HeldOutRegret held_out_regret(const std::vector<HeldOut>& all) {
  HeldOutRegret regret;
  std::vector<double> best, library;
  for (const HeldOut& one : all) {
    if (one.kernel.empty()) {
      ++regret.unserved;
    } else if (one.chosen_ns <= 0) {
      ++regret.failed;
    } else {
      best.push_back(one.chosen_ns / one.best_ns);
      if (one.baseline_ns > 0) library.push_back(one.chosen_ns / one.baseline_ns);
    }
  }
  regret.against_best = regret_of(std::move(best));
  regret.against_library = regret_of(std::move(library));
  return regret;
}

std::string regret_text(const Regret& regret) {
  return fmt::format("geometric mean {}, 95th percentile {}, worst {}", loss_text(regret.geomean),
                     loss_text(regret.p95), loss_text(regret.worst));
}

// Returns "1 shape" or "3 shapes".
std::string shapes_text(std::size_t count) {
  return fmt::format("{} shape{}", count, count == 1 ? "" : "s");
}

std::string held_out_text(const HeldOutShapes& held) {
  std::string text;
  if (held.found < held.asked) {
    text += held.found == 0 ? "the range has no shape that was not tuned: nothing is held out\n"
                            : fmt::format("{} that were not tuned could be drawn, not {}\n",
                                          shapes_text(held.found), held.asked);
  }
  if (held.measured.empty()) return text;
  const HeldOutRegret regret = held_out_regret(held.measured);
  text += fmt::format("{} of {} shapes that were not tuned are measured", held.measured.size(),
                      held.found);
  if (regret.against_best.count > 0) {
    text += fmt::format(": the header's choice is slower than the fastest known by {}",
                        regret_text(regret.against_best));
  }
  if (regret.against_library.count > 0) {
    text += fmt::format(
        "; its time divided by the fastest library's: geometric mean {:.3f}, 95th "
        "percentile {:.3f}, worst {:.3f}",
        regret.against_library.geomean, regret.against_library.p95, regret.against_library.worst);
  }
  if (regret.unserved > 0) {
    text += fmt::format("; the header has nothing for {}", shapes_text(regret.unserved));
  }
  if (regret.failed > 0) {
    text += fmt::format("; its choice does not work on {}", shapes_text(regret.failed));
  }
  return text + "\n";
}

// Returns what the same command would do if it were started again.
std::string rest_text(const CoverReport& report) {
  const Covered& covered = report.covered;
  std::vector<std::string> parts;
  if (covered.not_tuned > 0) {
    parts.push_back(fmt::format("{} to tune", shapes_text(covered.not_tuned)));
  }
  if (covered.missing > 0) {
    parts.push_back(fmt::format("{} measurement{} of candidates", covered.missing,
                                covered.missing == 1 ? "" : "s"));
  }
  const std::size_t held = report.held_out.found - report.held_out.measured.size();
  if (held > 0) parts.push_back(fmt::format("{} held out to measure", shapes_text(held)));
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  if (text.empty()) return text;
  return fmt::format("left: {}: run the same command again to continue\n", text);
}

std::string left_out_text(const LeftOutShapes& shapes) {
  if (shapes.count == 0) return "";
  return fmt::format("{} cannot be tuned{}: {}: {}\n", shapes_text(shapes.count),
                     shapes.count == 1 ? "" : ", the first", shapes.example, shapes.reason);
}

ordered_json json_of(const Regret& regret) {
  return {{"shapes", regret.count},
          {"geomean_slowdown", regret.geomean},
          {"p95_slowdown", regret.p95},
          {"worst_slowdown", regret.worst}};
}

ordered_json json_of(const HeldOutShapes& held) {
  ordered_json shapes = ordered_json::array();
  for (const HeldOut& one : held.measured) {
    shapes.push_back({{"problem", one.problem},
                      {"kernel", known(!one.kernel.empty(), one.kernel)},
                      {"configuration", known(!one.kernel.empty(), one.configuration)},
                      {"chosen_ns", known(one.chosen_ns > 0, one.chosen_ns)},
                      {"best_ns", known(one.best_ns > 0, one.best_ns)},
                      {"baseline_ns", known(one.baseline_ns > 0, one.baseline_ns)}});
  }
  const HeldOutRegret regret = held_out_regret(held.measured);
  return {{"found", held.found},
          {"missing", held.found - held.measured.size()},
          {"unserved", regret.unserved},
          {"failed", regret.failed},
          {"against_best", json_of(regret.against_best)},
          {"against_library", json_of(regret.against_library)},
          {"shapes", std::move(shapes)}};
}

ordered_json json_of(const LeftOutShapes& shapes) {
  return {{"shapes", shapes.count},
          {"example", known(shapes.count > 0, shapes.example)},
          {"reason", known(shapes.count > 0, shapes.reason)}};
}

}  // namespace

std::string text_of(const CoverReport& report) {
  Table table({{"problem"},
               {"fastest", Table::Align::right},
               {"slower", Table::Align::right},
               {"configuration"}});
  for (const ServedShape& one : report.shapes) {
    table.add({one.problem, format_time(one.best_ns), loss_text(one.slowdown),
               fmt::format("{}: {}", one.kernel, one.configuration)});
  }
  std::string text = report.range + "\n";
  if (report.shapes.empty()) {
    text += "nothing is tuned\n";
  } else {
    text += fmt::format("{}\n{} configuration{} for {} tuned {}: slower than the fastest by {}{}\n",
                        table.text(), report.kernels, report.kernels == 1 ? "" : "s",
                        report.shapes.size(), report.shapes.size() == 1 ? "shape" : "shapes",
                        regret_text(report.regret),
                        report.is_optimal ? "" : "; a better choice may exist");
    text += report.left_out.count == 0
                ? "for shapes that were not tuned: not known\n"
                : fmt::format("for each shape as if it were not tuned ({} of {}): {}\n",
                              report.left_out.count, report.shapes.size(),
                              regret_text(report.left_out));
  }
  return text + held_out_text(report.held_out) + left_out_text(report.covered.left_out) +
         rest_text(report);
}

ordered_json json_of(const CoverReport& report) {
  ordered_json shapes = ordered_json::array();
  for (const ServedShape& one : report.shapes) {
    shapes.push_back({{"problem", one.problem},
                      {"best_ns", one.best_ns},
                      {"slowdown", one.slowdown},
                      {"kernel", one.kernel},
                      {"configuration", one.configuration}});
  }
  return {{"range", report.range},
          {"configurations", report.kernels},
          {"not_tuned", report.covered.not_tuned},
          {"missing", report.covered.missing},
          {"impossible", json_of(report.covered.left_out)},
          {"regret", json_of(report.regret)},
          {"left_out", json_of(report.left_out)},
          {"held_out", known(report.held_out.asked > 0, json_of(report.held_out))},
          {"shapes", std::move(shapes)}};
}

}  // namespace tw
