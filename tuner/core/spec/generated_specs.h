// Specs that the program writes from another description of a kernel. Each line knows the part of
// that description from which it was made.
#pragma once
#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/texts.h"
#include "core/text/toml_file.h"

namespace tw {

// The text of a generated TOML file. `Origin` is a part of the description. It can be copied, and
// its member `fail(std::string_view)` throws an Error that names the part.
template <class Origin>
class SpecText {
 public:
  explicit SpecText(Origin whole) : whole_(std::move(whole)) {}

  void add(const Origin& origin, std::string_view lines) {  // each line ends in '\n'
    text_ += lines;
    origins_.insert(origins_.end(),
                    static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n')), origin);
  }
  void add(const SpecText& other) {
    text_ += other.text_;
    origins_.insert(origins_.end(), other.origins_.begin(), other.origins_.end());
  }
  const std::string& text() const { return text_; }
  // Returns the origin of a line, counted from 1; the origin of the whole if there is no such line.
  const Origin& origin(int line) const {
    const auto at = static_cast<std::size_t>(line - 1);
    return line > 0 && at < origins_.size() ? origins_[at] : whole_;
  }

 private:
  Origin whole_;
  std::string text_;
  std::vector<Origin> origins_;
};

// The generated files of an op: "op.toml" and "<kernel>.toml".
template <class Origin>
class GeneratedSpecs {
 public:
  void add(const std::string& file, SpecText<Origin> made) {
    texts_.emplace(file, made.text());
    made_.emplace(file, std::move(made));
  }
  const Texts& texts() const { return texts_; }
  // Throws the fault at a line of a generated file as a fault of that line's origin. The path of
  // the fault ends in the file's name.
  [[noreturn]] void blame(const TomlError& fault) const {
    const std::size_t slash = fault.path.rfind('/');  // npos + 1 is 0
    const auto made = made_.find(fault.path.substr(slash + 1));
    if (made == made_.end()) throw fault;
    made->second.origin(fault.line).fail(fault.message);
    throw fault;  // not reached: fail() throws
  }

 private:
  std::map<std::string, SpecText<Origin>> made_;
  Texts texts_;
};

}  // namespace tw
