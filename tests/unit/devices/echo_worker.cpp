// A worker for the tests of tuner/devices/process: does what each message says.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "devices/process.h"

int main(int argc, char** argv) {
  tw::WorkerChannel channel;
  while (const auto message = channel.receive()) {
    if (*message == "exit") return 3;
    if (*message == "crash") {
      std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would turn it into an exit
      std::raise(SIGSEGV);
    }
    if (*message == "fork and exit") {
      const int child = ::fork();
      if (child == 0) {
        ::alarm(60);
        while (true) ::pause();
      }
      channel.send("forked");
      return 3;
    }
    if (*message == "hang") {
      std::puts("noise on stdout");
      while (true) ::pause();
    }
    if (*message == "arguments") {
      std::string all;
      for (int i = 1; i < argc; ++i) all += std::string(argv[i]) + " ";
      channel.send(all);
    } else if (*message == "environment") {
      const char* value = std::getenv("TW_TEST");
      channel.send(value ? value : "");
    } else {
      channel.send(*message);
    }
  }
  return 0;
}
