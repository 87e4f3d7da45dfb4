// The command line. One description for each subcommand gives parsing, --help and "did you mean".
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
  std::string argument;  // "NAME=N,..."; empty for a switch
  std::string doc;
  bool repeats = false;  // it can be given several times
};

struct CommandSpec {
  std::string name;     // "run"
  std::string summary;  // one line
  std::string usage;    // "tune [run] --op OP --shape SHAPE [options]"
  std::vector<Flag> flags;
  std::string positional;  // what one word without a flag means; empty if none is allowed
  std::vector<std::string> examples;
  std::size_t most_words = 1;  // words without a flag, if any are allowed
  bool takes_program = false;  // the words without a flag are a program and its arguments
};

// The given flags and words. Values are texts until they are read by type; a bad value throws Error
// that names its flag.
class Arguments {
 public:
  // Throws Error for an unknown flag (naming the nearest one), a missing value, a flag given twice
  // that does not repeat, or an unexpected word.
  static Arguments parse(const CommandSpec& command, const std::vector<std::string>& words);

  bool has(std::string_view flag) const { return values_.contains(flag); }
  // Returns the values of a flag that repeats, in their order.
  std::vector<std::string> texts(std::string_view flag) const;
  // Return the value of the flag, or `fallback`.
  std::string text(std::string_view flag, std::string_view fallback = "") const;
  std::int64_t integer(std::string_view flag, std::int64_t fallback, std::int64_t least,
                       std::int64_t most) const;
  std::string one_of(std::string_view flag, std::string_view fallback,
                     std::span<const std::string> allowed) const;
  // Returns the same arguments with `flag` set to `value`.
  Arguments with(std::string_view flag, std::string value) const;
  // Returns the first word without a flag; empty if there is none.
  const std::string& positional() const;
  const std::vector<std::string>& positionals() const { return positionals_; }
  const std::vector<std::string>& words() const { return words_; }  // the words as given
  bool wants_help() const { return has("help"); }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> positionals_;
  std::vector<std::string> words_;
};

std::string help_text(const CommandSpec& command);

// The database is in the folder where tune runs, so that it is visible and easy to share.
inline constexpr std::string_view default_database = "tilewright.db";

// The bound of a search: new evaluations, or wall time, or until the stopping rule ends it.
struct Budget {
  std::int64_t evaluations = 0;  // 0: no limit
  double seconds = 0;            // 0: no limit
  bool until_certain = false;    // until the stopping rule (search/stopping.h) is satisfied
};
// Parses "200", "90s", "2m", "1h", "1.5h" or "auto". Throws Error.
Budget parse_budget(std::string_view text);

}  // namespace tw
