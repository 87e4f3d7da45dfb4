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
  // Adds a row with one text for each column.
  void add(std::vector<std::string> row);
  bool empty() const { return rows_.empty(); }

  // Returns the aligned table with two spaces between columns and no trailing blanks. Columns whose
  // cells are all empty are left out.
  std::string text() const;
  std::string csv() const;  // RFC 4180, with a header line

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tw
