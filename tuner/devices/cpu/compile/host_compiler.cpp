#include "devices/cpu/compile/host_compiler.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/base/error.h"
#include "devices/cpu/emulation/sanitizer.h"

extern char** environ;

namespace tw::cpu {
namespace {

namespace fs = std::filesystem;

constexpr const char* remedy = "install g++ (apt-get install g++) or set CXX to a C++20 compiler";

std::optional<fs::path> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), X_OK) == 0) return fs::path(name);
    return std::nullopt;
  }
  const char* variable = std::getenv("PATH");
  std::string paths = variable ? variable : "/usr/local/bin:/usr/bin:/bin";
  for (std::size_t at = 0; at <= paths.size();) {
    const std::size_t end = std::min(paths.find(':', at), paths.size());
    const fs::path candidate = fs::path(paths.substr(at, end - at)) / name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    at = end + 1;
  }
  return std::nullopt;
}

std::string read_all(int descriptor) {
  std::string text;
  char chunk[4096];
  while (true) {
    const ssize_t count = ::read(descriptor, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(chunk, static_cast<std::size_t>(count));
  }
}

}  // namespace

HostCompiler find_host_compiler() {
  const char* variable = std::getenv("CXX");
  const bool chosen = variable && *variable;
  std::optional<fs::path> path;
  for (const std::string name : {chosen ? variable : "g++", chosen ? variable : "clang++"}) {
    if (!path) path = find_program(name);
  }
  if (!path) {
    throw Error(chosen ? fmt::format("the cpu device cannot run CXX={}: {}", variable, remedy)
                       : fmt::format("the cpu device needs a C++ compiler: {}", remedy));
  }
  const CommandResult version =
      run_command({path->string(), "-dumpfullversion", "-dumpversion"}, "/");
  if (!version.ok) {
    throw Error(fmt::format("the cpu device cannot use {}: {}", path->string(), remedy));
  }
  return {path->string(), fmt::format("{} {}", path->filename().string(),
                                      version.output.substr(0, version.output.find('\n')))};
}

const HostCompiler& host_compiler() {
  static const HostCompiler compiler = find_host_compiler();
  return compiler;
}

const std::vector<std::string>& compile_flags() {
  static const std::vector<std::string> flags = [] {
    // Symbols are hidden because two modules may define the same kernel with different knobs.
    // shim_module.h handles the failed checks. Warnings are off, because the GPU compilers report
    // them. With the sanitizer, compiling takes longer than running. -fstack-clash-protection
    // touches each page of a frame that is larger than a fiber's guard, so that the overflow ends
    // there and not in the stack of another thread. Kernels read a float as an int through a cast
    // pointer, and let integers wrap around; on a GPU both work.
    std::vector<std::string> result{"-std=c++20",
                                    has_asan ? "-O1" : "-O2",
                                    "-fPIC",
                                    "-w",
                                    "-fno-strict-aliasing",
                                    "-fwrapv",
                                    "-fvisibility=hidden",
                                    "-fstack-clash-protection",
                                    "-fsanitize=alignment,bounds",
                                    "-fno-sanitize-recover=all"};
#ifdef __x86_64__
    // Without these options fused multiply-add, which kernels use everywhere, is a library call.
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      result.insert(result.end(), {"-mavx2", "-mfma"});
    }
#endif
    if (has_asan) {
      result.insert(result.end(), {"-fsanitize=address", "-fno-omit-frame-pointer", "-g1"});
    }
    return result;
  }();
  return flags;
}

CommandResult run_command(const std::vector<std::string>& words, const fs::path& folder,
                          const fs::path& temporary) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw Error(fmt::format("cannot make a pipe to {}: {}", words[0], std::strerror(errno)));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  std::vector<std::string> copies = words;
  std::vector<char*> pointers;
  pointers.reserve(copies.size() + 1);
  for (std::string& word : copies) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  // The compiler's messages are in English with plain quotes, because they become notes of
  // measurements.
  std::string locale = "LC_ALL=C", own_files = "TMPDIR=" + temporary.string();
  std::vector<char*> environment{locale.data()};
  if (!temporary.empty()) environment.push_back(own_files.data());
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view variable = *entry;
    if (variable.starts_with("LC_ALL=")) continue;
    if (!temporary.empty() && variable.starts_with("TMPDIR=")) continue;
    environment.push_back(*entry);
  }
  environment.push_back(nullptr);
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, words[0].c_str(), &actions, nullptr, pointers.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  CommandResult result;
  if (error == 0) result.output = read_all(ends[0]);
  ::close(ends[0]);
  if (error != 0) throw Error(fmt::format("cannot run {}: {}", words[0], std::strerror(error)));
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  result.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return result;
}

}  // namespace tw::cpu
