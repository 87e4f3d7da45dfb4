#pragma once
#include <functional>
#include <map>
#include <string>

namespace tw {

// Texts by path ("gemm/simt.cuh", "gemm/op.toml"). They are embedded in the executable or read from
// a folder.
using Texts = std::map<std::string, std::string, std::less<>>;

}  // namespace tw
