// Writes winners as compiled code with a loader. Plain C++ calls them, and no compiler of CUDA is
// needed.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "emit/header/write.h"

namespace tw::header {

// The winners of one GPU, compiled.
struct GpuModel {
  Model model;               // its scope is of this GPU alone: "dispatch_saxpy_0"
  std::string gpu;           // a text
  std::string architecture;  // "sm_90a"
  // By the index of the form, and that of the branch. All branches of the model's forms are there.
  std::map<std::pair<int, int>, Binary> binaries;
};

// Returns the files, by path: <op>.h, <op>.cpp and the folder of the digest. There is at least one
// GPU. All have the same op and digest.
Texts write_cubin_files(const std::vector<GpuModel>& gpus);

}  // namespace tw::header
