// Compiled programs by content: in memory, and in a folder that several processes may share. An
// entry is written to a temporary name and then renamed, and contains its own digest. So no crash
// and no full disk leaves a damaged cubin that is taken for a good one.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "devices/gpu/protocol/messages.h"

namespace tw::gpu {

class CubinCache {
 public:
  // If `folder` is empty, the cache is only in memory. `most_bytes` bounds the folder; the least
  // recently used entries are deleted first.
  CubinCache(std::filesystem::path folder, std::int64_t most_bytes);

  // Returns a key of everything that the result depends on. `compiler` names the exact build of the
  // compiler.
  static std::string key(const CompileRequest& request, const std::string& compiler);
  std::shared_ptr<const Compiled> find(const std::string& key);  // nullptr if it is not cached
  void put(const std::string& key, std::shared_ptr<const Compiled> compiled);

 private:
  void remember(const std::string& key, std::shared_ptr<const Compiled> compiled);
  void write(const std::string& key, const std::string& frame);
  void shrink();

  std::filesystem::path folder_;
  std::int64_t most_bytes_, folder_bytes_ = 0;
  std::map<std::string, std::shared_ptr<const Compiled>> memory_;
  std::size_t memory_bytes_ = 0;
};

// Returns $XDG_CACHE_HOME/tilewright/cubin or ~/.cache/tilewright/cubin; empty if neither variable
// is set.
std::filesystem::path default_cache_folder();

}  // namespace tw::gpu
