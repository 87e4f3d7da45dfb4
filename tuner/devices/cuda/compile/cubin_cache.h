// Compiled programs by content: in memory, and in a folder that several processes may share. An
// entry is written to a temporary name and renamed, and carries its own digest, so that neither a
// crash nor a full disk leaves a cubin that is believed.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "devices/cuda/protocol/messages.h"

namespace tw::cuda {

class CubinCache {
 public:
  // An empty folder: memory alone. `most_bytes` bounds the folder; the entries used longest ago go
  // first.
  CubinCache(std::filesystem::path folder, std::int64_t most_bytes);

  // Of everything that the result depends on; `compiler` names the compiler's very build.
  static std::string key(const CompileRequest& request, const std::string& compiler);
  std::shared_ptr<const Compiled> find(const std::string& key);  // nullptr: not known
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

// $XDG_CACHE_HOME/tilewright/cubin or ~/.cache/tilewright/cubin; empty if neither is set.
std::filesystem::path default_cache_folder();

}  // namespace tw::cuda
