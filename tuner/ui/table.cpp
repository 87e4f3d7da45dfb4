#include "ui/table.h"

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "core/text/csv.h"
#include "ui/output.h"

namespace tw {

void Table::add(std::vector<std::string> row) {
  assert(row.size() == columns_.size());
  rows_.push_back(std::move(row));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  std::vector<std::vector<std::string>> rows = rows_;
  for (std::vector<std::string>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = one_line(row[i]);
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string out;
  const auto line = [&](const auto& cell) {
    std::string text;
    bool first = true;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == 0) continue;
      const std::string& value = cell(i);
      const std::size_t width = std::max(widths[i], columns_[i].title.size());
      const std::string padding(width - value.size(), ' ');
      text += first ? "" : "  ";
      text += columns_[i].align == Align::right ? padding + value : value + padding;
      first = false;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line([&](std::size_t i) -> const std::string& { return columns_[i].title; });
  for (const std::vector<std::string>& row : rows) {
    line([&](std::size_t i) -> const std::string& { return row[i]; });
  }
  return out;
}

std::string Table::csv() const {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  std::string out = csv_record(titles);
  for (const std::vector<std::string>& row : rows_) out += csv_record(row);
  return out;
}

}  // namespace tw
