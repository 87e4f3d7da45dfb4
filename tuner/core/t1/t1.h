// Reads T1 files: search spaces and kernels of other tuners, as JSON with Python's expressions.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/texts.h"
#include "core/spec/spec.h"
#include "core/text/toml_file.h"

namespace tw {

// Returns the knobs and constraints in the ConfigurationSpace of a T1 file. A parameter's Default
// becomes the first of its values. Throws Error, with the file and the place, for a value that is
// no integer, boolean or text, and for Python that python_expr.h does not know.
BareSpace parse_t1(const std::string& json, const std::string& path);

// Returns the number of parameters of the kernel `name` in the source `file`; nothing if the source
// cannot tell. Throws Error if the source cannot be read.
using ParameterCount =
    std::function<std::optional<std::size_t>(const std::string& file, const std::string& name)>;

// A T1 file with a KernelSpecification, as specs in our own format (docs/search_spaces.md).
class T1File {
 public:
  // Throws Error, like parse_t1, for everything that the file says and the specs cannot express.
  // `count` says whether the kernel has parameters for vectors in constant memory, too.
  T1File(const std::string& json, const std::string& path, const ParameterCount& count);
  T1File(T1File&&) noexcept;
  ~T1File();

  const Texts& specs() const;  // "op.toml" and "<kernel>.toml"
  // The file's settings that belong on the command line instead, one sentence each.
  const std::vector<std::string>& notices() const;
  // Throws the fault at a line of the specs as a fault at the part of the T1 file from which the
  // line was made. The path of the fault ends in the spec's name.
  [[noreturn]] void blame(const TomlError& fault) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// Returns only the specs, without a look at the source.
Texts t1_specs(const std::string& json, const std::string& path);

}  // namespace tw
