// What this executable calls itself; the commit is found out at build time.
#pragma once
#include <string>

namespace tw {

const std::string& version();  // "0.1.0"
const std::string& commit();   // "1a2b3c4d5e6f", "-dirty" after it, or "unknown"
std::string version_text();    // "tilewright 0.1.0 (1a2b3c4d5e6f)"

}  // namespace tw
