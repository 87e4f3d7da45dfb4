#include "shell/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "shell/values.h"

namespace tw {
namespace {

// Returns the first sentence or clause of a doc, short enough for a line of the shell.
std::string short_doc(const std::string& doc) {
  constexpr std::size_t kLongest = 70;
  std::string text = doc.substr(0, doc.find_first_of("\n;"));
  text = text.substr(0, text.find(". "));
  if (text.size() <= kLongest) return text;
  return text.substr(0, text.rfind(' ', kLongest)) + " ...";
}

std::string first_word(const std::string& name) { return name.substr(0, name.find(' ')); }

const CommandSpec* command_named(std::span<const CommandSpec> commands, const std::string& name) {
  const auto at = std::find_if(commands.begin(), commands.end(),
                               [&](const CommandSpec& one) { return one.name == name; });
  return at == commands.end() ? nullptr : &*at;
}

// Adds the options of a command that may still be given.
void add_flags(const TypedLine& line, Completion& completion) {
  std::set<std::string> given;
  for (const std::string& word : line.words) {
    if (word.starts_with("--")) given.insert(word.substr(2, word.find('=') - 2));
  }
  for (const Flag& flag : line.command->flags) {
    if (given.contains(flag.name) && !flag.repeats) continue;
    completion.words.push_back({"--" + flag.name, flag.doc});
  }
  completion.words.push_back({"--help", "show this help"});
}

// Adds the names of the commands: the first words, or with `first` the words after this one.
void add_commands(std::span<const CommandSpec> commands, const std::string& first,
                  Completion& completion) {
  std::set<std::string> seen;
  for (const CommandSpec& command : commands) {
    const std::size_t blank = command.name.find(' ');
    const bool has_second = blank != command.name.npos;
    if (!first.empty() && (!has_second || first_word(command.name) != first)) continue;
    const std::string word =
        first.empty() ? first_word(command.name) : command.name.substr(blank + 1);
    if (!seen.insert(word).second) continue;
    const bool is_whole = !has_second || !first.empty();
    completion.words.push_back({word, is_whole ? command.summary : ""});
  }
}

// Returns the option whose value stands at the cursor, by the words before it; nullptr if none.
const Flag* open_flag(const TypedLine& line) {
  const Flag* open = nullptr;
  for (const std::string& word : line.words) {
    const bool is_value = open != nullptr;
    open = nullptr;
    if (is_value || !word.starts_with("--") || word.find('=') != word.npos) continue;
    const Flag* flag = find_flag(*line.command, word.substr(2));
    if (flag && !flag->argument.empty()) open = flag;
  }
  return open;
}

Completion complete_arguments(const TypedLine& line, const std::string& current) {
  if (const Flag* flag = open_flag(line)) return values_of_flag(line, *flag, current);
  const std::size_t equals = current.find('=');
  if (current.starts_with("--") && equals != current.npos) {
    const Flag* flag = find_flag(*line.command, current.substr(2, equals - 2));
    if (!flag || flag->argument.empty()) return {};
    Completion completion = values_of_flag(line, *flag, current.substr(equals + 1));
    for (CompletionWord& one : completion.words)
      one.word = current.substr(0, equals + 1) + one.word;
    return completion;
  }
  Completion completion;
  const bool may_be_word = !line.command->positional.empty() && line.positional().empty();
  if (may_be_word && !current.starts_with('-')) completion = values_of_positional(line);
  if (!may_be_word || current.starts_with('-')) add_flags(line, completion);
  return completion;
}

// Returns the command of the words before the cursor and the words after its name. There is no
// command if the cursor is in its name.
TypedLine line_of(std::span<const CommandSpec> commands, const std::vector<std::string>& before) {
  if (before.front().starts_with('-')) return {command_named(commands, "run"), before};
  for (const std::size_t count : {std::size_t{2}, std::size_t{1}}) {
    if (before.size() < count) continue;
    const std::string name = count == 2 ? before[0] + ' ' + before[1] : before[0];
    const CommandSpec* command = command_named(commands, name);
    if (!command) continue;
    return {command, {before.begin() + static_cast<std::ptrdiff_t>(count), before.end()}};
  }
  return {};
}

Completion complete_any(std::span<const CommandSpec> commands,
                        const std::vector<std::string>& before, const std::string& current) {
  Completion completion;
  if (before.empty() && !current.starts_with('-')) {
    add_commands(commands, "", completion);
    return completion;
  }
  if (before.empty()) {
    const TypedLine line{command_named(commands, "run"), {}};
    if (line.command) completion = complete_arguments(line, current);
    completion.words.push_back({"--version", "show this build"});
    return completion;
  }
  const TypedLine line = line_of(commands, before);
  if (line.command) return complete_arguments(line, current);
  if (before.size() == 1) add_commands(commands, before.front(), completion);
  return completion;
}

}  // namespace

Completion complete(std::span<const CommandSpec> commands, const std::vector<std::string>& words) {
  std::vector<std::string> before = words;
  std::string current;
  if (!before.empty()) {
    current = before.back();
    before.pop_back();
  }
  Completion completion = complete_any(commands, before, current);
  std::erase_if(completion.words,
                [&](const CompletionWord& one) { return !one.word.starts_with(current); });
  return completion;
}

std::string text_of(const Completion& completion) {
  std::string text;
  for (const CompletionWord& one : completion.words) {
    const std::string doc = short_doc(one.doc);
    text += doc.empty() ? one.word + '\n' : fmt::format("{}\t{}\n", one.word, doc);
  }
  if (completion.files) text += ":files\n";
  if (completion.folders) text += ":folders\n";
  return text;
}

}  // namespace tw
