// Completion of the command line: the words that may stand at the cursor. The commands' option
// tables say what there is; scripts of a few lines ask for it from bash, zsh and fish.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/texts.h"
#include "options/options.h"

namespace tw {

// A word that may stand at the cursor.
struct CompletionWord {
  std::string word;
  std::string doc;  // one line; may be empty
};

// The answer to a shell.
struct Completion {
  std::vector<CompletionWord> words;
  bool files = false, folders = false;  // the shell adds names of files, or of folders only
};

// Returns what may stand in the place of the last of `words`, which are the words after `tune`. A
// command's name may have two words ("db info"). Reads the files that the words name (--db,
// --spec), and creates none. Throws like the readers of these files.
Completion complete(std::span<const CommandSpec> commands, const std::vector<std::string>& words);

// Returns the answer as the scripts read it: a word and its doc on each line, with a tab between
// them, and ":files" or ":folders".
std::string text_of(const Completion& completion);

// The scripts, by their names: "completion.bash", "completion.zsh", "completion.fish".
const Texts& completion_scripts();

}  // namespace tw
