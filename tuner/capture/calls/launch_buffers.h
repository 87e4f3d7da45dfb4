// The memory and the size of a launch: what a call of cuBLASLt that cuDNN makes has in common with
// the call of cuDNN.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tw::capture {

struct LaunchBuffers {
  std::string_view process;              // its number
  std::vector<std::string_view> inputs;  // addresses: "0X7F5D" or "0x7f5d"
  std::string_view output;
  std::vector<std::int64_t> factors{};  // of the number of multiplications

  // Returns a text that is equal for launches with the same process, addresses (inputs in any
  // order) and number of multiplications; empty if something is unknown.
  std::string key() const;
};

}  // namespace tw::capture
