#include "options/ranges.h"

#include <fmt/format.h>

#include <optional>

#include "core/base/error.h"
#include "core/text/words.h"

namespace tw {
namespace {

// `part` is what the user wrote, for messages.
RangePiece piece_of(const std::string& text, const std::string& part) {
  if (text.empty()) {
    throw Error(
        fmt::format("'{}': nothing stands beside a '|': write values, as in n=64|128", part));
  }
  const std::size_t dots = text.find("..");
  if (dots == text.npos) return {.word = text};
  const auto least = integer_from(std::string_view(text).substr(0, dots));
  const auto most = integer_from(std::string_view(text).substr(dots + 2));
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

// Returns the alternatives that are written as `values`.
std::vector<RangePiece> pieces_of(const std::string& values, const std::string& part) {
  if (!is_range(values)) return {{.word = values}};
  std::vector<RangePiece> pieces;
  for (const std::string& text : split(values, '|')) pieces.push_back(piece_of(text, part));
  return pieces;
}

// Returns the axis of "m=1..8".
RangeAxis named_axis(const std::string& part) {
  const std::size_t equals = part.find('=');
  if (equals == part.npos) {
    throw Error(fmt::format("'{}' in the shape has no '=': write NAME=VALUE", part));
  }
  if (equals == 0) {
    throw Error(fmt::format("'{}' in the shape has no name: write NAME=VALUE", part));
  }
  const std::string values = part.substr(equals + 1);
  if (values.empty()) {
    throw Error(fmt::format("'{}' in the shape has no value: write NAME=VALUE", part));
  }
  return {.name = part.substr(0, equals), .pieces = pieces_of(values, part)};
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

std::string ShapeRange::text() const {
  std::vector<std::string> values;
  for (const RangeAxis& axis : axes) {
    std::string& text = values.emplace_back();
    for (const RangePiece& piece : axis.pieces) {
      if (&piece != axis.pieces.data()) text += "|";
      text += piece.word.empty() ? fmt::format("{}..{}", piece.least, piece.most) : piece.word;
    }
  }
  return shape(values);
}

bool is_range(std::string_view shape) {
  return shape.find("..") != shape.npos || shape.find('|') != shape.npos;
}

ShapeRange parse_range(std::string_view shape) {
  std::string compact(shape);
  std::erase(compact, ' ');
  if (compact.empty()) throw Error("the shape is empty: write sizes, as in m=1..8192,n=64|128");
  ShapeRange range;
  for (const std::string& part : split(compact, ',')) {
    const bool is_positional = range.axes.empty() && part.find('=') == part.npos;
    if (!is_positional) {
      range.axes.push_back(named_axis(part));
      continue;
    }
    for (const std::string& values : split(part, 'x')) {
      if (values.empty()) {
        throw Error(
            fmt::format("'{}' has no value beside an 'x': write sizes, as in 64x64x1..8", part));
      }
      range.axes.push_back({.name = "", .pieces = pieces_of(values, values)});
    }
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

std::size_t combinations_in(const ShapeRange& range, std::size_t most) {
  std::size_t count = 1;
  for (const RangeAxis& axis : range.axes) {
    const std::size_t values = values_in(axis).size();
    if (values > most / count) return most + 1;
    count *= values;
  }
  return count;
}

std::vector<std::string> shapes_in(const ShapeRange& range) {
  if (combinations_in(range, most_shapes) > most_shapes) {
    throw Error(
        fmt::format("the ranges stand for more than {} shapes: name fewer values, or let "
                    "`tune cover` choose among them",
                    most_shapes));
  }
  std::vector<std::vector<std::string>> combinations{{}};
  for (const RangeAxis& axis : range.axes) {
    std::vector<std::vector<std::string>> longer;
    for (const std::vector<std::string>& one : combinations) {
      for (const std::string& value : values_in(axis)) {
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
