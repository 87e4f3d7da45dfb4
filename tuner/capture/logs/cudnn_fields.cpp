#include "capture/logs/cudnn_fields.h"

#include <fmt/format.h>

#include "capture/calls/log_values.h"
#include "core/text/words.h"

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
  return word_of(value(name), prefix);
}

std::vector<std::int64_t> CudnnFields::numbers(std::string_view name) const {
  std::string_view text = value(name);
  if (!text.starts_with('[') || !text.ends_with(']')) return {};
  text = text.substr(1, text.size() - 2);
  std::vector<std::int64_t> numbers;
  while (true) {
    const std::size_t comma = text.find(',');
    const auto number = integer_from(text.substr(0, comma));
    if (!number) return {};
    numbers.push_back(*number);
    if (comma == text.npos) return numbers;
    text.remove_prefix(comma + 1);
  }
}

std::optional<double> CudnnFields::number(std::string_view name) const {
  return number_of(value(name));
}

std::string CudnnFields::other_than(double wanted, std::string_view name) const {
  const std::optional<double> found = number(name);
  if (!found) return fmt::format("the log does not say {}", name);
  return *found == wanted ? "" : fmt::format("{} is not {}", name, wanted);
}

std::string factors_refusal(const CudnnFields& convolution) {
  std::string why = convolution.other_than(1, "alpha");
  return why.empty() ? convolution.other_than(0, "beta") : why;
}

CudnnTensor tensor_of(const CudnnFields& descriptor) {
  // The older API's field is dataType, the graph API's type.
  const bool is_older = !descriptor.value("dataType").empty();
  return {.type = std::string(descriptor.word(is_older ? "dataType" : "type", "CUDNN_DATA_")),
          .dims = descriptor.numbers("dimA"),
          .strides = descriptor.numbers("strideA")};
}

}  // namespace tw::capture
