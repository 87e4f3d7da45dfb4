#include "output.h"

#include <cstdio>
#include <string>

namespace tw {

void say(std::string_view line) { std::fputs((std::string(line) + "\n").c_str(), stderr); }

}  // namespace tw
