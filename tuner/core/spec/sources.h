// Kernel sources as text: what they include, and the fields of their `struct Knobs`.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/texts.h"
#include "core/spec/spec.h"

namespace tw {

// Whether the character can be part of a C++ identifier.
bool is_word(char c);
// `text` with comments replaced by blanks; lines keep their numbers.
std::string without_comments(std::string_view text);

struct Include {
  std::string path;  // of #include "path"; <path> is the compiler's business
  int line = 0;
};
std::vector<Include> includes_of(std::string_view text);

struct Field {
  std::string type, name;
};
// The data members of the first `struct Knobs { ... }` in `text`, in order; nothing if there is no
// such struct.
std::optional<std::vector<Field>> knobs_fields(std::string_view text);

// True if `identifier` occurs in `text` as a word outside comments.
bool mentions(std::string_view text, std::string_view identifier);

// Whether `path`, all links resolved, is below `folder`, which is canonical.
bool stays_below(const std::filesystem::path& folder, const std::filesystem::path& path);

// The sources that specs may name. A folder of the user is read on demand, and nothing outside it.
class SourceTree {
 public:
  // Paths are searched in `folder`, if there is one, and then in `texts`.
  explicit SourceTree(Texts texts, const std::filesystem::path& folder = {});
  // nullptr if there is none. Throws Error on a path that leaves the folder: absolute, with "..",
  // or through a link.
  const std::string* find(const std::string& path);
  // The source at `path` and everything that it includes, transitively. Throws Error that names the
  // including file and line.
  Texts closure(const std::string& path);
  const Texts& texts() const { return texts_; }

 private:
  Texts texts_;
  std::filesystem::path folder_;  // canonical; empty: none
};

// The content of a file of the user. Throws Error if it cannot be read, is not a regular file or
// has more than 16 MiB.
std::string read_text_file(const std::filesystem::path& path);

}  // namespace tw
