// Reads and writes recordings and exports as files: plain or gzip, with a size limit, and never
// half-written.
#include "core/formats/recording_file.h"

#include <fmt/format.h>

#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "core/base/replace_file.h"

namespace tw {
namespace {

namespace fs = std::filesystem;
namespace io = boost::iostreams;

[[noreturn]] void too_large(const std::string& path) {
  throw Error(fmt::format("{}: is larger than 256 MiB: take one search space a file", path));
}

// Returns what comes out of the stream, up to a little more than `most` bytes.
std::string drain(io::filtering_streambuf<io::input>& stream, std::size_t most) {
  std::string text;
  std::string chunk(std::size_t{1} << 16, '\0');
  while (text.size() <= most) {
    const auto count = stream.sgetn(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    if (count <= 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return text;
}

std::string deflate(const std::string& text) {
  io::filtering_streambuf<io::input> stream;
  stream.push(io::gzip_compressor(io::gzip_params(io::gzip::best_compression)));
  stream.push(io::array_source(text.data(), text.size()));
  return drain(stream, std::string::npos - 1);
}

// Refuses to replace a database of trials with an export. The user probably meant that path for
// --db.
void refuse_database(const std::string& path) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  std::error_code none;
  if (!fs::is_regular_file(path, none)) return;
  std::string start(magic.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  if (file && start == magic) {
    throw Error(fmt::format("{}: is a database, which would be lost: name another file", path));
  }
}

}  // namespace

std::string read_bytes(const std::string& path) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (status.type() == fs::file_type::not_found) {
    throw Error(fmt::format("{}: there is no such file: name one that is there", path));
  }
  if (fs::is_directory(status)) {
    throw Error(fmt::format("{}: is a folder: name a file in it", path));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw Error(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  }
  std::string bytes;
  std::string chunk(std::size_t{1} << 20, '\0');
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), file.gcount() > 0) {
    bytes.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
    if (bytes.size() > largest_file_bytes) too_large(path);
  }
  return bytes;
}

std::string inflated(std::string bytes, const std::string& path) {
  if (!bytes.starts_with("\x1f\x8b")) return bytes;
  std::string text;
  try {
    io::filtering_streambuf<io::input> stream;
    stream.push(io::gzip_decompressor());
    stream.push(io::array_source(bytes.data(), bytes.size()));
    text = drain(stream, largest_file_bytes);
  } catch (const std::ios_base::failure&) {
    throw Error(fmt::format("{}: the gzip file is damaged or truncated: fetch it again", path));
  }
  if (text.size() > largest_file_bytes) too_large(path);
  return text;
}

void write_atomically(const std::string& text, const std::string& path) {
  refuse_database(path);
  const std::string bytes = path.ends_with(".gz") ? deflate(text) : text;
  const std::error_code failure = replace_file(path, bytes);
  if (!failure) return;
  throw Error(fmt::format("{}: cannot be written: {}: name a file in a writable folder with space",
                          path, failure.message()));
}

}  // namespace tw
