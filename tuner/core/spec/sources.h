// Reads kernel sources as text: their includes, and the fields of their `struct Knobs`.
#pragma once
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/texts.h"
#include "core/spec/spec.h"

namespace tw {

// Returns whether the character can be part of a C++ identifier.
bool is_word(char c);
// Returns `text` with blanks in place of comments. Lines keep their numbers.
std::string without_comments(std::string_view text);

// An #include directive of a source.
struct Include {
  std::string path;
  int line = 0;
  bool is_angled = false;       // <path>, which is a system header unless a folder of -I has it
  bool is_conditional = false;  // within #if, which need not hold; include guards do not count
};
std::vector<Include> includes_of(std::string_view text);

// A data member of a struct.
struct Field {
  std::string type, name;
};
// Returns the data members of the first `struct Knobs { ... }` in `text`, in order; nothing if
// there is no such struct.
std::optional<std::vector<Field>> knobs_fields(std::string_view text);

// Returns whether `identifier` occurs in `text` as a word outside comments.
bool mentions(std::string_view text, std::string_view identifier);

// Returns the names among `names` that `text` declares as parameters or variables: a type's name
// comes before them, as in `int n,`. Pointers do not count, because `a * n` looks like one.
std::set<std::string> declared_names(std::string_view text, const std::set<std::string>& names);

// Returns whether `path`, with all links resolved, is below `folder`, which is canonical.
bool stays_below(const std::filesystem::path& folder, const std::filesystem::path& path);

// The sources that specs may name. Files in a folder of the user are read on demand, and no file
// outside the folder is read.
class SourceTree {
 public:
  // Searches paths in `folder`, if there is one, and then in `texts`.
  explicit SourceTree(Texts texts, const std::filesystem::path& folder = {});
  // Lets includes be found in a folder below the user's. Throws Error if it is not there, or leaves
  // the user's folder.
  void add_include_folder(const std::string& folder);
  // Returns nullptr if there is no such source. Throws Error if the path leaves the folder: an
  // absolute path, a path with "..", or a path through a link.
  const std::string* find(const std::string& path);
  // Returns the source at `path` and everything that it includes, transitively, by the paths of the
  // includes. "path" is searched beside the including file, in the folder, and in include folders;
  // <path> in include folders. A file within #if may be missing. An Error names the including file
  // and the line.
  Texts closure(const std::string& path);
  const Texts& texts() const { return texts_; }
  const std::filesystem::path& folder() const { return folder_; }  // empty if there is none

 private:
  // Returns the path of an included file; empty if it is not there.
  std::string resolved(const Include& include, const std::string& from);

  Texts texts_;
  std::filesystem::path folder_;              // canonical; empty if there is none
  std::vector<std::string> include_folders_;  // below it
};

// Returns the content of a file of the user. Throws Error if the file cannot be read, is not a
// regular file or has more than 16 MiB.
std::string read_text_file(const std::filesystem::path& path);

}  // namespace tw
