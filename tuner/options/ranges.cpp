#include "options/ranges.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "core/base/error.h"

namespace tw {
namespace {

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::int64_t> integer_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// `part` is what the user wrote, for messages.
RangePiece piece_of(const std::string& text, const std::string& part) {
  if (text.empty()) {
    throw Error(
        fmt::format("'{}': nothing stands beside a '|': write values, as in n=64|128", part));
  }
  const std::size_t dots = text.find("..");
  if (dots == text.npos) return {.word = text};
  const auto least = integer_of(std::string_view(text).substr(0, dots));
  const auto most = integer_of(std::string_view(text).substr(dots + 2));
  if (!least || !most) {
    throw Error(
        fmt::format("'{}': a range has a number on both sides of the dots, as in m=1..8192", part));
  }
  if (*least < 1) throw Error(fmt::format("'{}': a range begins at 1 or above", part));
  if (*most < *least) {
    throw Error(
        fmt::format("'{}': the range ends before it begins: write {}..{}", part, *most, *least));
  }
  return {.word = "", .least = *least, .most = *most};
}

RangeAxis axis_of(const std::string& part, bool is_named) {
  RangeAxis axis;
  std::string values = part;
  if (is_named) {
    const std::size_t equals = part.find('=');
    if (equals == part.npos) {
      throw Error(fmt::format("'{}' in the shape has no '=': write NAME=VALUE", part));
    }
    axis.name = part.substr(0, equals);
    values = part.substr(equals + 1);
  }
  if (!is_range(values)) {
    axis.pieces = {{.word = values}};
    return axis;
  }
  for (const std::string& text : parts_of(values, '|')) axis.pieces.push_back(piece_of(text, part));
  return axis;
}

}  // namespace

std::string ShapeRange::shape(std::span<const std::string> values) const {
  std::string text;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::string& name = axes[i].name;
    if (i > 0) text += name.empty() ? "x" : ",";
    text += name.empty() ? values[i] : fmt::format("{}={}", name, values[i]);
  }
  return text;
}

bool is_range(std::string_view shape) {
  return shape.find("..") != shape.npos || shape.find('|') != shape.npos;
}

ShapeRange parse_range(std::string_view shape) {
  const bool is_named = shape.find('=') != shape.npos;
  ShapeRange range;
  for (const std::string& part : parts_of(shape, is_named ? ',' : 'x')) {
    range.axes.push_back(axis_of(part, is_named));
  }
  return range;
}

std::vector<std::string> values_in(const RangeAxis& axis) {
  std::vector<std::string> values;
  for (const RangePiece& piece : axis.pieces) {
    if (!piece.word.empty()) {
      values.push_back(piece.word);
      continue;
    }
    values.push_back(fmt::format("{}", piece.least));
    for (std::int64_t power = 1; power < piece.most; power *= 2) {
      if (power > piece.least) values.push_back(fmt::format("{}", power));
      if (power > piece.most / 2) break;
    }
    if (piece.most > piece.least) values.push_back(fmt::format("{}", piece.most));
  }
  return values;
}

std::vector<std::string> shapes_in(const ShapeRange& range) {
  std::vector<std::vector<std::string>> combinations{{}};
  for (const RangeAxis& axis : range.axes) {
    const std::vector<std::string> values = values_in(axis);
    std::vector<std::vector<std::string>> longer;
    if (combinations.size() * values.size() > most_shapes) {
      throw Error(
          fmt::format("the ranges stand for more than {} shapes: name fewer values, or let "
                      "`tune cover` choose among them",
                      most_shapes));
    }
    for (const std::vector<std::string>& one : combinations) {
      for (const std::string& value : values) {
        longer.push_back(one);
        longer.back().push_back(value);
      }
    }
    combinations = std::move(longer);
  }
  std::vector<std::string> shapes;
  for (const std::vector<std::string>& one : combinations) shapes.push_back(range.shape(one));
  return shapes;
}

}  // namespace tw
