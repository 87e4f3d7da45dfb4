#include "commands/query_wide.h"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "options/problem_options.h"

namespace tw {
namespace {

using nlohmann::ordered_json;
using Parts = std::vector<std::pair<std::string, ordered_json>>;

Parts parts_of_problem(const OpSpec& op, const Problem& problem) {
  Parts parts{{"dtype", name_of(problem.dtype)}, {"math", problem.math}};
  for (std::size_t i = 0; i < op.dims.size(); ++i) {
    parts.emplace_back(op.dims[i].name, problem.dims[i]);
  }
  for (std::size_t i = 0; i < op.choices.size(); ++i) {
    const auto value = static_cast<std::size_t>(problem.choices[i]);
    parts.emplace_back(op.choices[i].name, op.choices[i].values[value]);
  }
  parts.emplace_back("epilogue", problem.epilogue.structure());
  return parts;
}

// The parts of a problem whose op is not built in, as far as its name has them: dims and choices
// with their defaults are not in it.
Parts parts_of_name(const std::string& name) {
  std::istringstream words(name);
  std::string op, dtype, word;
  words >> op >> dtype;
  Parts parts{{"dtype", dtype}};
  while (words >> word) {
    std::istringstream list(word.starts_with("epilogue=") ? "" : word);
    if (word.starts_with("epilogue=")) parts.emplace_back("epilogue", word.substr(9));
    for (std::string part; std::getline(list, part, ',');) {
      const std::size_t equals = std::min(part.find('='), part.size() - 1);
      const std::string value = part.substr(equals + 1);
      const bool is_number = !value.empty() && value.size() < 19 &&
                             value.find_first_not_of("0123456789") == std::string::npos;
      parts.emplace_back(part.substr(0, equals),
                         is_number ? ordered_json(std::stoll(value)) : ordered_json(value));
    }
  }
  return parts;
}

Parts parts_of_row(const Catalog& catalog, const ordered_json& row) {
  const std::string name = row.at("problem");
  const OpEntry* entry = catalog.find(row.at("op").get<std::string>());
  try {
    if (entry) return parts_of_problem(entry->op, problem_from_key(entry->op, name));
  } catch (const Error&) {
    // The name is that of another version of the op, or of an op of the user with this name.
  }
  return parts_of_name(name);
}

}  // namespace

std::vector<std::string> widen(ordered_json& rows) {
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources(), "search_spaces/");
  std::vector<Parts> all;
  std::vector<std::string> columns;
  for (const ordered_json& row : rows) {
    all.push_back(parts_of_row(catalog, row));
    for (auto& [name, value] : all.back()) {
      if (row.contains(name)) name = "dim_" + name;  // a dim of the user with the name of a column
      if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::map<std::string, ordered_json> values(all[i].begin(), all[i].end());
    ordered_json wide;
    for (const auto& [key, value] : rows[i].items()) {
      wide[key] = value;
      if (key != "problem") continue;
      for (const std::string& column : columns) {
        const auto at = values.find(column);
        wide[column] = at == values.end() ? ordered_json() : at->second;
      }
    }
    rows[i] = std::move(wide);
  }
  return columns;
}

}  // namespace tw
