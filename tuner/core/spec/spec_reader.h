// Reads the parts that op.toml, a kernel's TOML and a bare space share: names, expressions, knobs,
// constraints, arguments and launches. Private to the core.
#pragma once
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/texts.h"
#include "core/spec/sources.h"
#include "core/spec/spec.h"
#include "core/text/toml_file.h"

namespace tw {

// The names that a file has declared so far.
class Scope {
 public:
  enum class Kind { reserved, dim, choice, device, scalar, tensor, knob, workspace, let };

  Scope();                           // with the language's own words
  explicit Scope(const OpSpec& op);  // with the names of an op, for its kernels

  // Throws Error at `node` if `name` is not an identifier or is taken.
  void declare(const TomlTable& table, const TomlNode& node, const std::string& name, Kind kind);
  // Declares a name with a slot, for expressions. `words` are the values of a choice or of a knob.
  void declare_slot(const TomlTable& table, const TomlNode& node, const std::string& name,
                    Kind kind, std::vector<std::string> words = {});
  // Declares the names that all ops have: dtype, math, sizeof_t, align, reduced and device.*
  void declare_common();

  // Throws Error at `node` if its expression is wrong.
  Expr parse(const TomlTable& table, const TomlNode& node) const;
  // Reads [let]. Its names can be used from then on.
  void read_lets(const TomlTable& table);
  std::vector<Constraint> read_constraints(const TomlTable& table) const;

  bool is(std::string_view name, Kind kind) const;
  std::vector<std::string> known() const;  // all names that an argument may use

  Names names;
  std::vector<TensorSpec> tensors;  // of a kernel's op; empty while the op itself is read
  std::deque<LetSpec> lets;         // a deque: expressions point to elements during the parse

 private:
  std::map<std::string, Kind, std::less<>> kinds_;
};

// Returns the expression at `key`. If the key is missing, returns `fallback` parsed, unless
// `fallback` is empty.
Expr read_expr(const Scope& scope, const TomlTable& table, std::string_view key,
               std::string_view fallback = "");
// Reads all [[knob]] tables and declares the knobs in `scope`.
std::vector<Knob> read_knobs(Scope& scope, const TomlTable& root);
// Returns the text of everything that makes a space: knobs, values, constraints.
std::string space_text(std::span<const Knob> knobs, const std::deque<LetSpec>& lets,
                       std::span<const Constraint> constraints);
// Reads an argument of a kernel or of a baseline. Integers of a baseline have 64 bits.
ArgSpec read_arg(const Scope& scope, const TomlTable& table, const TomlNode& node);
// Reads `args` of a [[launch]] or of the [reference].
void read_launch_args(const Scope& scope, const TomlTable& table, LaunchSpec& launch);
// Reads a [[launch]] or the [reference].
LaunchSpec read_launch(const Scope& scope, const TomlTable& table);
// Throws Error if `entry` has template arguments where the tuner gives them.
void check_is_template(const TomlTable& table, const std::string& entry);
// Throws Error if no source in `closure` mentions the function or variable that `key` names.
void check_entry(const TomlTable& table, std::string_view key, const std::string& name,
                 const Texts& closure);

// Reads `options` of [kernel]. The sources may then be in the folders of -I.
void read_options(const TomlTable& head, SourceTree& sources, KernelSpec& kernel);
// Reads macros = ["BLOCK"]: the names that the source sees as macros.
void read_macros(const TomlTable& head, const OpSpec& op, KernelSpec& kernel);
// Checks the macros of a kernel with knobs = "macros": dims, choices and knobs are macros, and so
// is every name that an option defines.
void check_macros(const TomlTable& root, const OpSpec& op, const KernelSpec& kernel);
// Fails if a source of the kernel declares a knob's name, which as a macro would replace it.
void check_declarations(const TomlTable& root, const KernelSpec& kernel, const Texts& closure);
// Checks the values that the entry of a launch names: "scale<float, $BLOCK>".
void check_values(const TomlTable& table, const std::string& entry, const OpSpec& op,
                  const KernelSpec& kernel);

// Returns the dtype of this name. Throws Error at `node` if there is none.
DType read_dtype(const TomlTable& table, const TomlNode& node, const std::string& name);
// Reads all [[tensor]] tables of an op, and declares the tensors in `scope`. The op has its dtypes,
// dims and choices.
void read_tensors(Scope& scope, const TomlTable& root, const SourceTree& sources, OpSpec& op);
// Reads 'values' and 'expected' of a tensor, which has its role, dtypes and range. Files are found
// in the folder of `sources`.
void read_given_values(const Scope& scope, const TomlTable& table, const OpSpec& op,
                       const SourceTree& sources, TensorSpec& tensor);
// Throws Error if files hold the results of some outputs only, or of random inputs.
void check_expected(const TomlTable& root, const OpSpec& op);

// `folder` is the folder of the op's sources among the sources: "gemm/" or empty.
OpSpec read_op(const TomlNode& root, const std::string& path, const std::string& folder,
               bool needs_reference, SourceTree& sources);
KernelSpec read_kernel(const TomlNode& root, const std::string& path, const std::string& name,
                       const OpSpec& op, SourceTree& sources);

}  // namespace tw
