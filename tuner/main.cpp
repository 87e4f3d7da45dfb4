// The one place where faults end: each is one line on stderr and exit code 2.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "commands.h"

namespace {

int fault(std::string line) {
  std::replace(line.begin(), line.end(), '\n', ' ');
  fmt::print(stderr, "tune: {}\n", line);
  return tw::exit_fault;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int code = tw::run_command_line({argv + 1, argv + argc});
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      return fault(fmt::format("cannot write the output: {}", std::strerror(errno)));
    }
    return code;
  } catch (const std::bad_alloc&) {
    return fault("out of memory");
  } catch (const std::exception& error) {
    return fault(error.what());
  }
}
