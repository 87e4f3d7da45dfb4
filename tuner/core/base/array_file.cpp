#include "core/base/array_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "core/base/digest.h"
#include "core/base/error.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error(fmt::format("{}: {}", path, what));
}

std::string whole_file(const std::string& path) {
  std::error_code fault;
  if (!fs::exists(path, fault)) fail(path, "there is no such file");
  if (!fs::is_regular_file(path, fault)) fail(path, "this is not a regular file: name a file");
  std::ifstream stream(path, std::ios::binary);
  std::string text(fs::file_size(path, fault), '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream || fault) fail(path, "cannot be read: check its permissions");
  return text;
}

// Returns what stands after `key` in the dictionary of a header, which is Python: {'descr': '<f4',
// 'fortran_order': False, 'shape': (3, 4), }.
std::string_view value_after(std::string_view header, std::string_view key,
                             const std::string& path) {
  const std::size_t at = header.find(fmt::format("'{}':", key));
  if (at == header.npos) fail(path, fmt::format("its header has no '{}': write it again", key));
  std::string_view rest = header.substr(at + key.size() + 3);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest;
}

std::string type_of(std::string_view header, const std::string& path) {
  std::string_view value = value_after(header, "descr", path);
  const std::size_t end = value.empty() ? value.npos : value.find('\'', 1);
  if (value.empty() || value.front() != '\'' || end == value.npos || end < 3) {
    fail(path, "holds records, which no tensor can: write an array of numbers");
  }
  value = value.substr(1, end - 1);
  const bool is_byte = value.size() == 3 && value.back() == '1';
  if (value.front() == '>' && !is_byte) {
    fail(path, "is big-endian: write it with array.astype('<' + array.dtype.str[1:])");
  }
  return std::string(value.substr(1));
}

std::vector<std::int64_t> shape_of(std::string_view header, const std::string& path) {
  const std::string_view value = value_after(header, "shape", path);
  const std::size_t end = value.find(')');
  if (value.empty() || value.front() != '(' || end == value.npos) {
    fail(path, "its header has no shape: write it again");
  }
  std::vector<std::int64_t> shape;
  const char* at = value.data() + 1;
  const char* const last = value.data() + end;
  while (at != last) {
    if (*at == ' ' || *at == ',') {
      ++at;
      continue;
    }
    const auto [next, error] = std::from_chars(at, last, shape.emplace_back());
    if (error != std::errc() || shape.back() < 0)
      fail(path, "its header has no shape: write it again");
    at = next;
  }
  return shape;
}

// The format is numpy.lib.format's: magic, version, length of the header, header, elements.
void read_header(const std::string& text, ArrayFile& file) {
  const std::size_t length_bytes = text[6] == 1 ? 2 : 4;
  const std::size_t begin = 8 + length_bytes;
  std::size_t length = 0;
  for (std::size_t i = std::min(begin, text.size()); i-- > 8;) {
    length = length << 8 | static_cast<unsigned char>(text[i]);
  }
  if (begin > text.size() || length > text.size() - begin) {
    fail(file.path, "ends within its header: write it again");
  }
  const std::string_view header = std::string_view(text).substr(begin, length);
  file.type = type_of(header, file.path);
  file.shape = shape_of(header, file.path);
  if (value_after(header, "fortran_order", file.path).starts_with("True") &&
      file.shape.size() > 1) {
    fail(file.path, "is column-major: write it with numpy.ascontiguousarray");
  }
  file.offset = static_cast<std::int64_t>(begin + length);
}

}  // namespace

ArrayFile describe_array(const std::string& path) {
  const std::string text = whole_file(path);
  ArrayFile file;
  file.path = fs::absolute(path).lexically_normal().string();
  file.digest = digest(text);
  file.is_raw = text.size() < 8 || !text.starts_with("\x93NUMPY");
  if (!file.is_raw) read_header(text, file);
  file.bytes = static_cast<std::int64_t>(text.size()) - file.offset;
  return file;
}

std::vector<std::byte> read_array(const ArrayFile& file) {
  const std::string text = whole_file(file.path);
  if (digest(text) != file.digest) fail(file.path, "has changed meanwhile: run again");
  std::vector<std::byte> bytes(static_cast<std::size_t>(file.bytes));
  if (!bytes.empty()) {
    std::memcpy(bytes.data(), text.data() + file.offset, bytes.size());
  }
  return bytes;
}

}  // namespace tw
