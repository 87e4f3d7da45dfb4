// The version of this executable. The commit is determined at build time.
#pragma once
#include <string>

namespace tw {

const std::string& version();  // "0.1.0"
const std::string& commit();   // "1a2b3c4d5e6f", with "-dirty" appended, or "unknown"
std::string version_text();    // "tilewright 0.1.0 (1a2b3c4d5e6f)"

}  // namespace tw
