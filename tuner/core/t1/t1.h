// T1 inputs: search spaces and kernels as others write them, JSON with Python's expressions.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/base/texts.h"
#include "core/base/toml_file.h"
#include "core/spec/spec.h"

namespace tw {

// The knobs and constraints of a T1 file's ConfigurationSpace; a parameter's Default comes first
// among its values. A value that is no integer, boolean or text, and what python_expr.h does not
// know, is an Error that names the file and the place.
BareSpace parse_t1(const std::string& json, const std::string& path);

// A T1 file with a KernelSpecification, as specs in our own format (docs/search_spaces.md).
class T1File {
 public:
  // Throws Error, as above, for what the file says and the specs cannot.
  T1File(const std::string& json, const std::string& path);
  T1File(T1File&&) noexcept;
  ~T1File();

  const Texts& specs() const;  // "op.toml" and "<kernel>.toml"
  // What the file says of matters that are the command line's, one sentence each.
  const std::vector<std::string>& notices() const;
  // Throws the fault of a line of the specs as one of the part of the T1 file that it was made of.
  // The path of the fault ends in the spec's name.
  [[noreturn]] void blame(const TomlError& fault) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The specs alone.
Texts t1_specs(const std::string& json, const std::string& path);

}  // namespace tw
