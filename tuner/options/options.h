// The command line: one description a subcommand, from which parsing, --help and "did you mean"
// follow.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

struct Flag {
  std::string name;      // "shape"
  std::string argument;  // "NAME=N,..."; empty: a switch
  std::string doc;
};

struct CommandSpec {
  std::string name;     // "run"
  std::string summary;  // one line
  std::string usage;    // "tune [run] --op OP --shape SHAPE [options]"
  std::vector<Flag> flags;
  std::string positional;  // what one word without a flag means; empty: none is taken
  std::vector<std::string> examples;
};

// What was given. Values are texts until they are asked for by type; a bad one throws Error naming
// its flag.
class Arguments {
 public:
  // Throws Error: unknown flag (with the nearest), missing value, given twice, unexpected word.
  static Arguments parse(const CommandSpec& command, const std::vector<std::string>& words);

  bool has(std::string_view flag) const { return values_.contains(flag); }
  // The value, or `fallback`.
  std::string text(std::string_view flag, std::string_view fallback = "") const;
  std::int64_t integer(std::string_view flag, std::int64_t fallback, std::int64_t least,
                       std::int64_t most) const;
  std::string one_of(std::string_view flag, std::string_view fallback,
                     std::span<const std::string> allowed) const;
  // The same with `flag` given as `value`.
  Arguments with(std::string_view flag, std::string value) const;
  const std::string& positional() const { return positional_; }
  const std::vector<std::string>& words() const { return words_; }  // as they were given
  bool wants_help() const { return has("help"); }

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::string positional_;
  std::vector<std::string> words_;
};

std::string help_text(const CommandSpec& command);

// Visible and easily shared: in the folder where tune runs.
inline constexpr std::string_view default_database = "tilewright.db";

// How much a search may do: new evaluations, or wall time, or as much as it takes.
struct Budget {
  std::int64_t evaluations = 0;  // 0: no bound
  double seconds = 0;            // 0: no bound
  bool until_certain = false;    // until the stopping rule (search/stopping.h) is satisfied
};
// "200", "90s", "2m", "1h", "1.5h", "auto". Throws Error.
Budget parse_budget(std::string_view text);

}  // namespace tw
