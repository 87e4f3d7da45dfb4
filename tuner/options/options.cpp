#include "options/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cmath>
#include <cstddef>
#include <sstream>

#include "core/base/error.h"
#include "core/expr/expr.h"
#include "core/text/nearest.h"
#include "core/text/shell_word.h"
#include "core/text/words.h"

namespace tw {
namespace {

namespace po = boost::program_options;

po::options_description described(const CommandSpec& command) {
  po::options_description description("Options", 100, 60);
  for (const Flag& flag : command.flags) {
    if (flag.argument.empty()) {
      description.add_options()(flag.name.c_str(), flag.doc.c_str());
    } else {
      auto* value = po::value<std::vector<std::string>>()->value_name(flag.argument);
      description.add_options()(flag.name.c_str(), value, flag.doc.c_str());
    }
  }
  description.add_options()("help,h", "show this help");
  return description;
}

std::string stripped(const po::error_with_option_name& error) {
  std::string name = error.get_option_name();
  name.erase(0, name.find_first_not_of('-'));
  return name.substr(0, name.find('='));
}

Error unknown_flag(const CommandSpec& command, const po::unknown_option& error) {
  const std::string name = stripped(error);
  std::vector<std::string> known{"--help"};
  for (const Flag& flag : command.flags) known.push_back("--" + flag.name);
  const std::string hint = did_you_mean("--" + name, known, "");
  return Error(fmt::format("unknown option --{}: {} tune {} --help", name,
                           hint.empty() ? "see" : hint + " See", command.name));
}

po::parsed_options parsed(const CommandSpec& command, const std::vector<std::string>& words) {
  const po::options_description description = described(command);
  try {
    namespace style = po::command_line_style;
    return po::command_line_parser(words)
        .options(description)
        .style(style::unix_style & ~style::allow_guessing & ~style::allow_sticky)
        .run();
  } catch (const po::unknown_option& error) {
    throw unknown_flag(command, error);
  } catch (const po::error_with_option_name& error) {
    const std::string name = stripped(error);
    for (const Flag& flag : command.flags) {
      if (flag.name != name) continue;
      throw Error(flag.argument.empty()
                      ? fmt::format("--{} takes no value", name)
                      : fmt::format("--{} needs a value: --{} {}", name, name, flag.argument));
    }
    throw Error(error.what());
  } catch (const po::error& error) {
    throw Error(error.what());
  }
}

// Throws Error if an option follows a program without "--" before the program: it could be one of
// either.
void check_separator(const CommandSpec& command, const std::vector<std::string>& words) {
  std::size_t program = 0;
  for (; program < words.size() && words[program].starts_with('-'); ++program) {
    const std::string& word = words[program];
    const auto flag =
        std::find_if(command.flags.begin(), command.flags.end(), [&](const Flag& one) {
          return word == "--" + one.name || word.starts_with("--" + one.name + "=");
        });
    // The word "--" ends the options, and the parser refuses an unknown one.
    if (flag == command.flags.end()) return;
    if (!flag->argument.empty() && word.find('=') == word.npos) ++program;
  }
  for (std::size_t i = program + 1; i < words.size(); ++i) {
    if (!words[i].starts_with('-')) continue;
    std::string line = "tune " + command.name;
    for (std::size_t at = 0; at < words.size(); ++at) {
      line += (at == program ? " -- " : " ") + shell_word(words[at]);
    }
    throw Error(fmt::format("'{}' after a program: put -- before the program: {}", words[i], line));
  }
}

}  // namespace

Arguments Arguments::parse(const CommandSpec& command, const std::vector<std::string>& words) {
  if (command.takes_program) check_separator(command, words);
  Arguments arguments;
  arguments.words_ = words;
  for (const po::option& option : parsed(command, words).options) {
    const std::string word = option.value.empty() ? "" : option.value.front();
    if (option.position_key >= 0 || option.string_key.empty()) {
      const bool is_full =
          !command.takes_program && arguments.positionals_.size() >= command.most_words;
      if (command.positional.empty() || is_full) {
        throw Error(fmt::format("unexpected '{}': see tune {} --help", word, command.name));
      }
      arguments.positionals_.push_back(word);
      continue;
    }
    std::vector<std::string>& values = arguments.values_[option.string_key];
    const bool repeats = std::any_of(
        command.flags.begin(), command.flags.end(),
        [&](const Flag& flag) { return flag.name == option.string_key && flag.repeats; });
    if (!values.empty() && !repeats) {
      throw Error(fmt::format("--{} was given twice", option.string_key));
    }
    values.push_back(word);
  }
  return arguments;
}

const std::string& Arguments::positional() const {
  static const std::string none;
  return positionals_.empty() ? none : positionals_.front();
}

std::string Arguments::text(std::string_view flag, std::string_view fallback) const {
  const auto found = values_.find(flag);
  return found == values_.end() ? std::string(fallback) : found->second.front();
}

std::vector<std::string> Arguments::texts(std::string_view flag) const {
  const auto found = values_.find(flag);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::int64_t Arguments::integer(std::string_view flag, std::int64_t fallback, std::int64_t least,
                                std::int64_t most) const {
  const auto found = values_.find(flag);
  if (found == values_.end()) return fallback;
  const std::string& text = found->second.front();
  const std::optional<std::int64_t> value = integer_from(text);
  if (!value || *value < least || *value > most) {
    throw Error(fmt::format("--{} {}: not a whole number from {} to {}", flag, text, least, most));
  }
  return *value;
}

std::string Arguments::one_of(std::string_view flag, std::string_view fallback,
                              std::span<const std::string> allowed) const {
  const std::string value = text(flag, fallback);
  for (const std::string& one : allowed) {
    if (one == value) return value;
  }
  throw Error(fmt::format("--{} {}: {}", flag, value, tw::one_of(value, allowed)));
}

Arguments Arguments::with(std::string_view flag, std::string value) const {
  Arguments changed = *this;
  changed.values_.insert_or_assign(std::string(flag), std::vector{std::move(value)});
  return changed;
}

std::string help_text(const CommandSpec& command) {
  std::string text = fmt::format("{}\n\nUsage: {}\n\n", command.summary, command.usage);
  if (!command.positional.empty()) text += command.positional + "\n\n";
  std::ostringstream options;
  options << described(command);
  text += options.str();
  if (!command.examples.empty()) {
    text += fmt::format("\nExamples:\n  {}\n", fmt::join(command.examples, "\n  "));
  }
  return text;
}

Budget parse_budget(std::string_view text) {
  const auto fault = [&] {
    return Error(fmt::format(
        "--budget {}: a number of evaluations (200) or a time (90s, 2m, 1h) above zero, or auto",
        text));
  };
  if (text == "auto") return {.until_certain = true};
  std::size_t length = 0;
  double value = 0;
  try {
    value = std::stod(std::string(text), &length);
  } catch (const std::exception&) {
    throw fault();
  }
  const std::string_view unit = text.substr(length);
  if (!std::isfinite(value) || value <= 0 || value > 1e12) throw fault();
  if (unit == "s") return {.seconds = value};
  if (unit == "m") return {.seconds = value * 60};
  if (unit == "h") return {.seconds = value * 3600};
  if (!unit.empty() || value != std::floor(value)) throw fault();
  return {.evaluations = static_cast<std::int64_t>(value)};
}

}  // namespace tw
