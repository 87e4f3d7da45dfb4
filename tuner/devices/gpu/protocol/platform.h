#pragma once
#include <string>

namespace tw::gpu {

// The names by which the parts of one platform are started and mentioned.
struct Platform {
  // of its workers: `tune __worker ROLE`
  std::string compile_role, measure_role;
  // in messages: "the CUDA driver", "NVRTC"
  std::string driver, compiler;
};

}  // namespace tw::gpu
