// Writes the parts of dispatch/select.h by which branches are compared for calls that were not
// tuned.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "emit/header/write.h"

namespace tw::header {
namespace {

// Returns the code with the operations of dispatch::plain.
std::string plainly(std::string code) {
  const std::string from = "checked::", to = "dispatch::plain::";
  for (std::size_t at = code.find(from); at != code.npos; at = code.find(from, at + to.size())) {
    code.replace(at, from.size(), to);
  }
  return code;
}

}  // namespace

std::string write_forecast_function(const Kernel& kernel) {
  if (kernel.counts.empty()) return "";
  std::string text =
      "// Returns the forecast of one call in ns.\n"
      "constexpr double forecast([[maybe_unused]] const Knobs& knob,\n"
      "                          [[maybe_unused]] const Problem& problem,\n"
      "                          [[maybe_unused]] const Device& device,\n"
      "                          const dispatch::Rates& rates) {\n"
      "  dispatch::Work work;\n";
  for (const Launch& launch : kernel.launches) {
    text += plainly(fmt::format("  work.launch({}, {{{}}}, {{{}}}, {});\n", launch.when,
                                fmt::join(launch.grid, ", "), fmt::join(launch.block, ", "),
                                launch.shared));
  }
  for (const auto& [name, code] : kernel.counts) {
    text += fmt::format("  work.{} = dispatch::amount({});\n", name, plainly(code));
  }
  return text + "  return dispatch::forecast_ns(work, rates, device);\n}\n\n";
}

std::string write_comparison(const Model& model) {
  std::vector<Dim> axes;
  for (const Dim& dim : model.dims) {
    if (dim.is_axis) axes.push_back(dim);
  }
  std::string text =
      "// The dims that count for the distance of two problems.\n"
      "using Axes =\n    " +
      members_of(axes, "Axes") + ";\nconstexpr auto places = dispatch::places_of<Axes>(rows);\n\n" +
      "// The residuals of the branches on the tuned problems; dispatch/choose.h uses them.\n" +
      fmt::format("constexpr std::array<std::array<double, {}>, {}> residuals{{{{\n",
                  std::max<std::size_t>(model.branches.size(), 1), model.rows.size());
  for (const Row& row : model.rows) {
    text += fmt::format("    {{{{{}}}}},\n", fmt::join(row.residuals, ", "));
  }
  text += "}};\n\n";
  if (!model.has_forecasts) return text;
  text += fmt::format(
      "// The rates of the tuned GPU for each type of arguments.\n"
      "constexpr dispatch::Rates rates[{}] = {{\n",
      model.rates.size());
  for (const std::vector<double>& rates : model.rates) {
    text += fmt::format("    {{{}}},\n", fmt::join(rates, ", "));
  }
  return text + "};\n\n";
}

std::string write_forecast(const Model& model) {
  std::string text =
      "constexpr double Selector::forecast([[maybe_unused]] int branch,\n"
      "                                    [[maybe_unused]] const Query& query,\n"
      "                                    [[maybe_unused]] const Device& device) {\n";
  if (model.has_forecasts) {
    std::set<int> tuned;
    for (const Row& row : model.rows) tuned.insert(row.branch);
    text += "  const dispatch::Rates& of = rates[query.form];\n  switch (branch) {\n";
    for (const int i : tuned) {
      const Branch& branch = model.branches[static_cast<std::size_t>(i)];
      const Kernel& kernel = model.kernels[static_cast<std::size_t>(branch.kernel)];
      text += fmt::format(
          "    case {0}:\n      return {1}::forecast({1}::v{0}, query.problem, device, of);\n", i,
          kernel.scope);
    }
    text += "  }\n";
  }
  return text + "  return 1;\n}\n\n";
}

}  // namespace tw::header
