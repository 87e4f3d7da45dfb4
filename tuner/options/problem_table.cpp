#include "options/problem_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/text/csv.h"
#include "core/text/nearest.h"
#include "core/text/words.h"

namespace tw {
namespace {

// The columns that are no parts of a shape. `op` stands before the shape, the others after it.
constexpr std::array<std::string_view, 6> field_names{"op",       "dtype",  "math",
                                                      "epilogue", "layout", "count"};

bool is_field(const std::string& column) {
  return std::find(field_names.begin(), field_names.end(), column) != field_names.end();
}

// Returns the first line that says something, without its comment.
std::string_view first_line(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::string_view said = line.substr(0, line.find('#'));
    const std::size_t begin = said.find_first_not_of(" \t\r");
    if (begin != said.npos) return said.substr(begin);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return "";
}

// Returns what a column of a shape can be named: the dims, choices and scalars of an op.
std::vector<std::string> shape_names(const OpSpec& op) {
  std::vector<std::string> names;
  for (const DimSpec& dim : op.dims) names.push_back(dim.name);
  for (const ChoiceSpec& choice : op.choices) names.push_back(choice.name);
  for (const ScalarSpec& scalar : op.scalars) names.push_back(scalar.name);
  return names;
}

// A cell that is not empty.
struct Cell {
  std::string column, text;
};

// A row of the table: the words of a line of --shapes, by column.
class Row {
 public:
  Row(const std::vector<std::string>& header, const std::vector<std::string>& fields) {
    if (fields.size() != header.size()) {
      throw Error(fmt::format("has {} cells, but the header has {}: quote cells with commas",
                              fields.size(), header.size()));
    }
    for (std::size_t i = 0; i < header.size(); ++i) {
      const std::string text(trimmed(fields[i]));
      if (!text.empty()) cells_.push_back({header[i], text});
    }
  }

  std::string op() const {
    const auto found = std::find_if(cells_.begin(), cells_.end(),
                                    [](const Cell& cell) { return cell.column == "op"; });
    return found == cells_.end() ? "" : found->text;
  }
  const std::vector<Cell>& cells() const { return cells_; }
  // Returns the words, without those of one column.
  std::vector<std::string> words(const std::string& without = "") const {
    std::vector<std::string> words;
    if (!op().empty()) words.push_back(op());
    std::string shape;
    for (const auto& [column, text] : cells_) {
      if (is_field(column) || column == without) continue;
      shape += fmt::format("{}{}={}", shape.empty() ? "" : ",", column, text);
    }
    if (shape.empty()) throw Error("has no sizes: fill in the columns of the dims");
    words.push_back(shape);
    for (const auto& [column, text] : cells_) {
      if (!is_field(column) || column == "op" || column == without) continue;
      words.push_back(fmt::format("{}={}", column, text));
    }
    return words;
  }

 private:
  std::vector<Cell> cells_;
};

// Returns the reason why an action throws Error; nothing if it does not.
template <class Action>
std::optional<std::string> fault_of(const Action& action) {
  try {
    action();
    return std::nullopt;
  } catch (const Error& error) {
    return error.what();
  }
}

// Throws Error, with the column, if a size or a choice of the row is none of its op.
void check_shape(const Row& row, const OpSpec& op) {
  const std::vector<std::string> names = shape_names(op);
  for (const auto& [column, text] : row.cells()) {
    if (is_field(column)) continue;
    if (std::find(names.begin(), names.end(), column) == names.end()) {
      throw Error(
          fmt::format("column '{}': op {} has none: leave the cell empty", column, op.name));
    }
    if (text.find_first_of(",=") != text.npos) {
      throw Error(fmt::format("column '{}': '{}' is not one value", column, text));
    }
    const std::string word = fmt::format("{}={}", column, text);
    const auto fault = fault_of([&] {
      for (const std::string& shape : shapes_in(parse_range(word))) parse_shape(op, shape);
    });
    if (fault) throw Error(fmt::format("column '{}': {}", column, *fault));
  }
}

// Returns "column 'dtype': " if the row is right without the cell of this column; else nothing.
std::string guilty_column(const Row& row, const WordsParser& parse) {
  for (const Cell& cell : row.cells()) {
    if (!is_field(cell.column) || cell.column == "op") continue;
    if (!fault_of([&] { parse(row.words(cell.column)); })) {
      return fmt::format("column '{}': ", cell.column);
    }
  }
  return "";
}

class ProblemTable {
 public:
  ProblemTable(const std::string& default_op, const Catalog& catalog, const WordsParser& parse)
      : default_op_(default_op), catalog_(catalog), parse_(parse) {}

  void set_header(const std::vector<std::string>& fields) {
    for (const std::string& field : fields) {
      const std::string name(trimmed(field));
      if (name.empty()) throw Error("a column has no name: the first line names the columns");
      if (std::find(header_.begin(), header_.end(), name) != header_.end()) {
        throw Error(fmt::format("column '{}' is there twice: remove one", name));
      }
      header_.push_back(name);
    }
    const bool names_op = std::find(header_.begin(), header_.end(), "op") != header_.end();
    if (!names_op && default_op_.empty()) {
      throw Error("no column 'op': add it, or name the op of all rows with --op");
    }
    check_columns(names_op);
  }

  AskedRange problem(const std::vector<std::string>& fields) const {
    const Row row(header_, fields);
    const std::string op = row.op().empty() ? default_op_ : row.op();
    if (op.empty()) throw Error("column 'op': is empty: name the op, or give --op");
    const OpEntry* entry = nullptr;
    const auto unknown = fault_of([&] { entry = &catalog_.at(op); });
    if (unknown) throw Error(fmt::format("column 'op': {}", *unknown));
    check_shape(row, entry->op);
    std::optional<AskedRange> asked;
    const auto fault = fault_of([&] { asked = parse_(row.words()); });
    if (fault) throw Error(guilty_column(row, parse_) + *fault);
    return std::move(*asked);
  }
  bool has_header() const { return !header_.empty(); }

 private:
  // Throws Error if a column is none of any op that the rows may have.
  void check_columns(bool names_op) const {
    std::vector<std::string> known(field_names.begin(), field_names.end());
    for (const OpEntry& entry : catalog_.ops()) {
      if (!names_op && entry.op.name != default_op_) continue;
      for (std::string& name : shape_names(entry.op)) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
          known.push_back(std::move(name));
        }
      }
    }
    for (const std::string& name : header_) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      throw Error(fmt::format("column '{}' is unknown{}", name, suggestion(name, known)));
    }
  }

  const std::string& default_op_;
  const Catalog& catalog_;
  const WordsParser& parse_;
  std::vector<std::string> header_;
};

}  // namespace

bool is_problem_table(std::string_view path, std::string_view text) {
  if (path.ends_with(".csv") || path.ends_with(".CSV")) return true;
  const std::string_view line = first_line(text);
  return line.find(',') != line.npos && line.find('=') == line.npos &&
         (std::isalpha(static_cast<unsigned char>(line.front())) != 0 || line.front() == '"');
}

std::vector<AskedRange> ranges_of_table(std::string_view text, const std::string& path,
                                        const std::string& default_op, const Catalog& catalog,
                                        const WordsParser& parse) {
  ProblemTable table(default_op, catalog, parse);
  CsvReader reader(text, path);
  std::vector<AskedRange> problems;
  std::vector<std::string> fields;
  while (reader.next(fields)) {
    const std::string first(trimmed(fields.front()));
    if (first.starts_with('#')) continue;
    if (std::all_of(fields.begin(), fields.end(),
                    [](const std::string& field) { return trimmed(field).empty(); })) {
      continue;
    }
    try {
      if (!table.has_header()) {
        table.set_header(fields);
        continue;
      }
      problems.push_back(table.problem(fields));
      problems.back().line = static_cast<int>(reader.line());
    } catch (const Error& error) {
      throw Error(fmt::format("{}:{}: {}", path, reader.line(), error.what()));
    }
  }
  return problems;
}

}  // namespace tw
