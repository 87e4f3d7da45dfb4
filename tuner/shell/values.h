// The values that an option or a command's word may have, for completion.
#pragma once
#include <string>
#include <vector>

#include "options/options.h"
#include "shell/completion.h"

namespace tw {

// A command line up to the cursor: the command, and the complete words after its name.
struct TypedLine {
  const CommandSpec* command = nullptr;
  std::vector<std::string> words;

  // Returns the value of an option, as `--name value` or `--name=value`; empty if it is not there.
  std::string value_of(const std::string& option) const;
  // Returns the first word that is neither an option nor an option's value; empty if there is none.
  std::string positional() const;
};

// Returns the option of this name; nullptr if the command has none.
const Flag* find_flag(const CommandSpec& command, const std::string& name);

// Returns the values of an option that may begin with `typed`.
Completion values_of_flag(const TypedLine& line, const Flag& flag, const std::string& typed);

// Returns the values of the word that the command takes without an option, as its usage shows it.
Completion values_of_positional(const TypedLine& line);

}  // namespace tw
