// tune completion: prints a shell's script. And two hidden commands: `tune __complete -- WORD...`,
// which the scripts ask, and `tune __share FOLDER`, by which the build writes what is installed.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "commands/commands.h"
#include "core/base/error.h"
#include "core/base/replace_file.h"
#include "core/text/nearest.h"
#include "shell/completion.h"
#include "shell/manual.h"
#include "ui/version.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string>& shells() {
  static const std::vector<std::string> names{"bash", "zsh", "fish"};
  return names;
}

std::vector<CommandSpec> all_specifications() {
  std::vector<CommandSpec> all;
  for (const Command& command : commands()) all.push_back(command.specification());
  return all;
}

void write_shared(const fs::path& path, const std::string& text) {
  std::error_code fault;
  fs::create_directories(path.parent_path(), fault);
  if (!fault) fault = replace_file(path.string(), text);
  if (fault) throw Error(fmt::format("cannot write {}: {}", path.string(), fault.message()));
}

}  // namespace

CommandSpec completion_specification() {
  return {
      .name = "completion",
      .summary = "Prints a script that completes command lines of `tune` in a shell.",
      .usage = "tune completion bash|zsh|fish",
      .flags = {},
      .positional =
          "The word is the shell. The script asks `tune` itself what may stand at the cursor: "
          "commands, options, their values, ops, kernels, dims, and what the database of --db "
          "holds. `cmake --install` installs the scripts.",
      .examples = {"source <(tune completion bash)", "source <(tune completion zsh)",
                   "tune completion fish | source"},
  };
}

int completion_command(const Arguments& arguments) {
  const std::string& shell = arguments.positional();
  if (shell.empty()) throw Error("tune completion: name the shell: bash, zsh or fish");
  const auto found = completion_scripts().find("completion." + shell);
  if (found == completion_scripts().end()) {
    throw Error(fmt::format("tune completion {}: {}", shell, one_of(shell, shells())));
  }
  fmt::print("{}", found->second);
  return exit_found;
}

int complete_command(const Words& words) {
  // A shell waits for the answer, so a file that does not answer gives none.
  std::signal(SIGALRM, [](int) { _exit(exit_found); });
  alarm(1);
  const bool has_dashes = !words.empty() && words.front() == "--";
  try {
    const std::vector<CommandSpec> all = all_specifications();
    const Words typed(words.begin() + (has_dashes ? 1 : 0), words.end());
    fmt::print("{}", text_of(complete(all, typed)));
  } catch (const std::exception&) {
    // A message would stand in the middle of the user's command line.
  }
  return exit_found;
}

int share_command(const Words& words) {
  if (words.size() != 1) throw Error("tune __share: name the folder to write to");
  const fs::path folder = words.front();
  const Texts& scripts = completion_scripts();
  write_shared(folder / "bash-completion/completions/tune", scripts.at("completion.bash"));
  write_shared(folder / "zsh/site-functions/_tune", scripts.at("completion.zsh"));
  write_shared(folder / "fish/vendor_completions.d/tune.fish", scripts.at("completion.fish"));
  const std::vector<CommandSpec> all = all_specifications();
  const CommandSpec program = overview_specification();
  write_shared(folder / "man/man1/tune.1", manual_page(program, all, version()));
  for (const CommandSpec& command : all) {
    write_shared(folder / "man/man1" / (manual_name(command) + ".1"),
                 manual_page(command, version()));
  }
  return exit_found;
}

}  // namespace tw
