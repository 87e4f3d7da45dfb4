// The one place where faults end: each is one line on stderr and exit code 2.
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

// The first files and pipes must not become the streams that were closed at the start (`2>&-`, some
// cron jobs): a worker's pipe would get the progress line.
void open_standard_streams() {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    if (fcntl(stream, F_GETFD) != -1) continue;
    // Read-only, so that results that go nowhere are still a fault.
    [[maybe_unused]] const int opened = open("/dev/null", O_RDONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of the write
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
