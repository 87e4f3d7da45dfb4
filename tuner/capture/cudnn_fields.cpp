#include "capture/cudnn_fields.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>

namespace tw::capture {

const LogEntry::Field* CudnnFields::find(std::string_view name) const {
  for (const LogEntry::Field& field : fields_) {
    if (field.depth == depth_ && field.name == name) return &field;
  }
  return nullptr;
}

CudnnFields CudnnFields::below(std::size_t at) const {
  std::size_t end = at + 1;
  while (end < fields_.size() && fields_[end].depth > depth_) ++end;
  return {fields_.subspan(at + 1, end - at - 1), depth_ + 1, fields_[at].type};
}

CudnnFields CudnnFields::below(std::string_view name) const {
  const LogEntry::Field* field = find(name);
  if (!field) return {{}, depth_ + 1, ""};
  return below(static_cast<std::size_t>(field - fields_.data()));
}

std::vector<CudnnFields> CudnnFields::all_below(std::string_view name) const {
  std::vector<CudnnFields> all;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].depth == depth_ && fields_[i].name == name) all.push_back(below(i));
  }
  return all;
}

std::string_view CudnnFields::value(std::string_view name) const {
  const LogEntry::Field* field = find(name);
  return field ? std::string_view(field->value) : "";
}

std::string_view CudnnFields::type(std::string_view name) const {
  const LogEntry::Field* field = find(name);
  return field ? std::string_view(field->type) : "";
}

std::string_view CudnnFields::word(std::string_view name, std::string_view prefix) const {
  std::string_view text = value(name);
  text = text.substr(0, text.find(' '));
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return text;
}

std::vector<std::int64_t> CudnnFields::numbers(std::string_view name) const {
  std::string_view text = value(name);
  std::vector<std::int64_t> numbers;
  if (text.empty()) return numbers;
  if (text.starts_with('[')) text.remove_prefix(1);
  while (true) {
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc()) return {};
    numbers.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.starts_with(',')) return numbers;
    text.remove_prefix(1);
  }
}

double CudnnFields::number(std::string_view name, double fallback) const {
  const std::string text(value(name));
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  return end == text.c_str() ? fallback : number;
}

}  // namespace tw::capture
