// A table of texts: aligned columns for a terminal, or CSV.
#pragma once
#include <string>
#include <vector>

namespace tw {

class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // One text a column.
  void add(std::vector<std::string> row);
  bool empty() const { return rows_.empty(); }

  // Two spaces between columns, no trailing blanks; columns whose cells are all empty are left out.
  std::string text() const;
  std::string csv() const;  // RFC 4180, with a header line

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tw
