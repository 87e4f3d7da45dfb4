#include "program/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "commands/commands.h"
#include "ui/output.h"

namespace {

int fault(const std::string& line) {
  tw::say("tune: " + line);
  return tw::exit_fault;
}

// Opens standard streams that were closed at the start (`2>&-`, some cron jobs). Otherwise the
// first opened files and pipes would take their place: the progress line would go to a worker's
// pipe.
void open_standard_streams() {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    if (fcntl(stream, F_GETFD) != -1) continue;
    // Read-only, so that writing results to a closed stdout is still a fault.
    [[maybe_unused]] const int opened = open("/dev/null", O_RDONLY);
  }
}

}  // namespace

namespace tw {

int run_program(const std::vector<std::string>& words) {
  open_standard_streams();
  std::signal(SIGXFSZ, SIG_IGN);  // if a file may not grow, the write fails with an error
  try {
    const int code = run_command_line(words);
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

}  // namespace tw
