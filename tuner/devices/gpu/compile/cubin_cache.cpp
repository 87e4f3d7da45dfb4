#include "devices/gpu/compile/cubin_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

#include "core/base/cache_folder.h"
#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/replace_file.h"

namespace tw::gpu {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view magic = "tilewright cubin 2\n";
constexpr std::size_t most_memory_bytes = std::size_t{256} << 20;
constexpr std::string_view suffix = ".cubin";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Returns the payload of an entry's file; empty if the file is damaged.
std::string checked_payload(const std::string& text) {
  constexpr std::size_t digest_size = 32;
  if (!text.starts_with(magic) || text.size() < magic.size() + digest_size) return "";
  std::string payload = text.substr(magic.size() + digest_size);
  return digest(payload) == text.substr(magic.size(), digest_size) ? payload : "";
}

struct Entry {
  fs::path path;
  fs::file_time_type used;
  std::int64_t bytes = 0;
};

std::vector<Entry> entries_of(const fs::path& folder) {
  std::vector<Entry> entries;
  std::error_code error;
  const auto now = fs::file_time_type::clock::now(), stale = now - std::chrono::hours(1);
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;  // another process may delete entries at the same time
    Entry entry{at->path(), at->last_write_time(gone), 0};
    if (gone) continue;
    if (entry.used > now + std::chrono::hours(1))
      entry.used = entry.used.min();  // the clock was set back in the meantime
    if (entry.path.extension() == suffix) {
      entry.bytes = static_cast<std::int64_t>(at->file_size(gone));
      if (!gone) entries.push_back(std::move(entry));
    } else if (entry.used < stale) {
      fs::remove(entry.path, gone);  // left by a crashed process
    }
  }
  return entries;
}

std::int64_t sum_of(const std::vector<Entry>& entries) {
  std::int64_t sum = 0;
  for (const Entry& entry : entries) sum += entry.bytes;
  return sum;
}

}  // namespace

fs::path default_cache_folder() {
  const fs::path cache = cache_folder();
  return cache.empty() ? cache : cache / "cubin";
}

CubinCache::CubinCache(fs::path folder, std::int64_t most_bytes)
    : folder_(std::move(folder)), most_bytes_(most_bytes) {
  if (folder_.empty()) return;
  std::error_code error;
  fs::create_directories(folder_, error);
  if (!fs::is_directory(folder_, error)) {
    throw Error(
        fmt::format("the cubin cache {} cannot be created: name another folder with "
                    "XDG_CACHE_HOME, or use --no-cache",
                    folder_.string()));
  }
  folder_bytes_ = sum_of(entries_of(folder_));
}

std::string CubinCache::key(const CompileRequest& request, const std::string& compiler) {
  return digest(compiler + '\0' + identity_of(request));
}

std::shared_ptr<const Compiled> CubinCache::find(const std::string& key) {
  if (const auto found = memory_.find(key); found != memory_.end()) return found->second;
  if (folder_.empty()) return nullptr;
  const fs::path path = folder_ / (key + std::string(suffix));
  const std::string payload = checked_payload(read_file(path));
  if (payload.empty()) return nullptr;
  std::error_code ignored;
  fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
  auto compiled = std::make_shared<Compiled>(decode_compiled(payload));
  remember(key, compiled);
  return compiled;
}

void CubinCache::put(const std::string& key, std::shared_ptr<const Compiled> compiled) {
  if (!folder_.empty()) write(key, encode(*compiled));
  remember(key, std::move(compiled));
}

void CubinCache::remember(const std::string& key, std::shared_ptr<const Compiled> compiled) {
  if (memory_bytes_ > most_memory_bytes) {
    memory_.clear();
    memory_bytes_ = 0;
  }
  memory_bytes_ += compiled->cubin.size();
  memory_[key] = std::move(compiled);
}

// An entry that cannot be written is not cached; the next run compiles it again.
void CubinCache::write(const std::string& key, const std::string& frame) {
  const fs::path path = folder_ / (key + std::string(suffix));
  if (replace_file(path.string(), std::string(magic) + digest(frame) + frame)) return;
  folder_bytes_ += static_cast<std::int64_t>(magic.size() + 32 + frame.size());
  if (folder_bytes_ > most_bytes_) shrink();
}

// Shrinks the cache to nine tenths of its bound, so that not every write shrinks it.
void CubinCache::shrink() {
  std::vector<Entry> entries = entries_of(folder_);
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.used < b.used; });
  folder_bytes_ = sum_of(entries);
  for (const Entry& entry : entries) {
    if (folder_bytes_ <= most_bytes_ / 10 * 9) break;
    std::error_code ignored;
    fs::remove(entry.path, ignored);
    folder_bytes_ -= entry.bytes;
  }
}

}  // namespace tw::gpu
