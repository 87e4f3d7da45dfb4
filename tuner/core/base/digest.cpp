// Wraps XXH3 in our one function, so that nothing else includes xxhash.h.
#include "core/base/digest.h"

#include <xxhash.h>

namespace tw {

std::string digest(std::string_view text) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(text.data(), text.size()));
  constexpr char hexadecimal[] = "0123456789abcdef";
  std::string result;
  result.reserve(2 * sizeof canonical.digest);
  for (const unsigned char byte : canonical.digest) {
    result += hexadecimal[byte >> 4];
    result += hexadecimal[byte & 15];
  }
  return result;
}

}  // namespace tw
