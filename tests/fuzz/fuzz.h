// The base of every fuzz target. A text of a stranger must give a value or an Error. Anything else
// (another exception, a crash, a report of a sanitizer) is a finding.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tw::fuzz {

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Returns whether `read` accepted its text.
template <class Read>
bool accepts(Read read) {
  try {
    read();
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Aborts with a message unless `holds`, for a text that was accepted.
inline void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "it does not hold that %s\n", what);
  std::abort();
}

// Returns the parts of `text` between the lines that equal `separator`.
inline std::vector<std::string> parts_of(std::string text, const std::string& separator) {
  std::vector<std::string> parts;
  for (std::size_t at; (at = text.find(separator + "\n")) != text.npos;) {
    parts.push_back(text.substr(0, at));
    text.erase(0, at + separator.size() + 1);
  }
  parts.push_back(std::move(text));
  return parts;
}

}  // namespace tw::fuzz
