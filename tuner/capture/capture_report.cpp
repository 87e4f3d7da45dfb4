#include "capture/capture_report.h"

#include <fmt/format.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/output.h"
#include "ui/table.h"

namespace tw::capture {
namespace {

using nlohmann::ordered_json;

std::string plural(std::int64_t count, std::string_view one) {
  return fmt::format("{} {}{}", format_count(count), one, count == 1 ? "" : "s");
}

}  // namespace

std::string list_of(const Findings& findings, const CaptureReport& report) {
  std::string text = fmt::format("# tune capture: {}\n", one_line(report.source));
  for (const FoundProblem& found : findings.problems()) {
    text += fmt::format("{} count={}\n", found.problem.line(), found.calls);
  }
  for (const UnreadCalls& unread : findings.unread()) {
    text += fmt::format("# not in the list: {} of {}: {}\n", plural(unread.calls, "call"),
                        one_line(unread.function), one_line(unread.why));
  }
  return text;
}

std::string capture_text(const Findings& findings, const CaptureReport& report) {
  const std::vector<FoundProblem> problems = findings.problems();
  const std::vector<UnreadCalls> unread = findings.unread();
  std::string text =
      fmt::format("{}{}, {}; from {}, {}\n", report.list.empty() ? "" : report.list + ": ",
                  plural(static_cast<std::int64_t>(problems.size()), "problem"),
                  plural(findings.problem_calls(), "call"), plural(report.logs.files, "log"),
                  format_significant(static_cast<double>(report.logs.bytes) / 1e6, 3) + " MB");
  Table listed({{"calls", Table::Align::right}, {"GFLOP", Table::Align::right}, {"problem"}});
  for (const FoundProblem& found : problems) {
    listed.add({format_count(found.calls),
                format_significant(found.flops * static_cast<double>(found.calls) / 1e9, 3),
                found.problem.line()});
  }
  if (!listed.empty()) text += listed.text();
  if (unread.empty()) return text;
  text += fmt::format("not in the list: {}\n", plural(findings.unread_calls(), "call"));
  Table others({{"calls", Table::Align::right}, {"function"}, {"why"}});
  for (const UnreadCalls& one : unread) {
    others.add({format_count(one.calls), one.function, one.why});
  }
  return text + others.text();
}

ordered_json capture_json(const Findings& findings, const CaptureReport& report) {
  ordered_json problems = ordered_json::array(), unread = ordered_json::array();
  for (const FoundProblem& found : findings.problems()) {
    const CapturedProblem& problem = found.problem;
    problems.push_back({{"line", problem.line()},
                        {"count", found.calls},
                        {"flops", known(found.flops > 0, found.flops)},
                        {"functions", found.functions}});
  }
  for (const UnreadCalls& one : findings.unread()) {
    unread.push_back({{"function", one.function}, {"why", one.why}, {"count", one.calls}});
  }
  return {{"source", report.source},
          {"list", known(!report.list.empty(), report.list)},
          {"exit_code", known(report.exit_code.has_value(), report.exit_code.value_or(0))},
          {"logs",
           {{"files", report.logs.files},
            {"bytes", report.logs.bytes},
            {"faults", report.logs.faults}}},
          {"calls", findings.problem_calls()},
          {"calls_not_listed", findings.unread_calls()},
          {"problems", std::move(problems)},
          {"not_listed", std::move(unread)}};
}

}  // namespace tw::capture
