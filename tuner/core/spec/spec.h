// Op and kernel specifications as read from TOML: checked, with every expression parsed.
// docs/search_spaces.md describes the format.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/array_file.h"
#include "core/base/texts.h"
#include "core/expr/expr.h"
#include "core/types/dtype.h"
#include "core/types/epilogue.h"

namespace tw {

// A condition on configurations or problems, and the reason for messages.
struct Constraint {
  std::string reason;
  Expr expr;
};

// A dim of an op.
struct DimSpec {
  std::string name, doc;
  std::optional<Expr> fallback;  // over earlier dims and the choices; none: required
  std::int64_t min = 1, max = 2147483647;
  bool in_key = false;  // problems are named with the dim even if it has its default

  // Returns whether the dim counts for the distance of two problems. A dim whose default follows
  // from other dims, such as a leading dimension, does not.
  bool is_axis() const { return !fallback || fallback->reads().empty(); }
};
// A choice of an op.
struct ChoiceSpec {
  std::string name, doc;
  std::vector<std::string> values;  // the first is the default
};
// A run-time scalar of an op.
struct ScalarSpec {
  std::string name, doc;
  double fallback = 0;
};

enum class Role { in, out, inout };
std::string_view name_of(Role role);

// The second set of a tensor's values with which results are verified, as expressions over dims and
// choices. kernels/common/inputs.cuh describes the values.
struct FillSpec {
  Expr sign;        // -1, 0 (either) or 1
  Expr scale;       // the largest magnitude
  Expr infinities;  // whether a few values are infinite
};

// The values that an input has when kernels are verified and timed. kernels/common/inputs.cuh
// describes them.
struct ValuesSpec {
  enum class Rule {
    spread,       // random; FillSpec and TensorSpec::range describe them
    uniform,      // random numbers from the first of `numbers` to the second
    constant,     // one value
    iota,         // the first value and the step
    permutation,  // 0, 1, 2, ... in another order
    sorted,       // ascending over TensorSpec::range
    formula,      // what an expression makes of the element's place
    file
  } rule = Rule::spread;
  std::vector<double> numbers;  // of floating-point numbers
  std::vector<Expr> integers;   // of integers
  // An expression over the dims and `i`, the element's place in memory; or two of them, a dividend
  // and a divisor.
  std::vector<std::string> formula;
  std::vector<std::pair<std::string, int>> formula_dims;  // their names and slots
  ArrayFile file;

  // Returns whether the values are the same for every seed.
  bool is_fixed() const {
    return rule == Rule::constant || rule == Rule::iota || rule == Rule::formula ||
           rule == Rule::file;
  }
};

// A tensor of an op.
struct TensorSpec {
  std::string name, doc;
  Role role = Role::in;
  std::vector<Expr> shape, strides;  // in elements
  std::string scaled_by;             // the scalar that multiplies it; empty: always read
  // An expression over the choices: whether kernels get an array of pointers, one for each slice
  // along the first extent, instead of one pointer to the first element.
  std::optional<Expr> by_pointers{};
  FillSpec second{};
  // By the problem's dtype; empty: the tensor has the problem's dtype. See dtype_of.
  std::map<DType, DType> dtypes{};
  // The least and the largest value that inputs are filled with, for integers; empty: the default.
  std::vector<Expr> range{};
  ValuesSpec values{};
  std::optional<ValuesSpec> expected{};  // of outputs: the right results, as a file or a formula
  // An output is compared with the oracle. False for scratch memory, and for outputs whose number
  // of results depends on the knobs.
  bool is_compared = true;
  std::optional<Expr> tolerance{};    // in the units of OpSpec::tolerance; nothing: the math's
  double absolute = 0, relative = 0;  // errors that are allowed besides (verify::Rule)
};
// Returns the type in which a tensor of a problem of this dtype is stored.
DType dtype_of(const TensorSpec& tensor, DType problem);

// A named sub-expression.
struct LetSpec {
  std::string name;
  Expr expr;
};

// One argument of a kernel.
struct ArgSpec {
  enum class Kind {
    tensor,
    expected,
    magnitude,
    workspace,
    scalar,
    epilogue,
    int32,
    int64,
    tolerance,  // of a reference: a double, the error allowed per unit of the magnitude
    tensor_map,
    pointers,  // only in a plan: an array of pointers to slices, see by_pointers
    number     // a number of the type `dtype`
  } kind{};
  // tensor, workspace, scalar, tensor_map: its name. int32, int64, number: the header's field for
  // it, whose default is the value; empty if there is none.
  std::string name;
  Expr value;                    // int32, int64; number, unless it has `real`
  std::vector<Expr> map{};       // tensor_map: the values for describe_tensor_map
  int swizzle = 0;               // tensor_map
  bool im2col = false;           // tensor_map: the values are for describe_im2col_map
  DType dtype{};                 // number
  std::optional<double> real{};  // number of a floating-point type: its value
  // If it is not 0, the argument is a member of LaunchSpec::structs[structure - 1]. Consecutive
  // arguments with the same number are one parameter of the kernel.
  int structure = 0;

  int rank() const { return im2col ? 4 : static_cast<int>(map.size()) / 3; }  // tensor_map
  // The integers in the argument, of 64 bits unless they are ints.
  std::span<const Expr> integers() const {
    const bool one = kind == Kind::int32 || kind == Kind::int64;
    return one ? std::span<const Expr>(&value, 1) : std::span<const Expr>(map);
  }
  bool is_named_number() const {
    return !name.empty() && (kind == Kind::int32 || kind == Kind::int64 || kind == Kind::number);
  }
};

// The end of a struct's name that makes it a template over the types and the variant.
inline constexpr std::string_view struct_arguments = "<T, V>";

// A launch of a kernel, not yet evaluated.
struct LaunchSpec {
  std::string entry;
  Expr when;
  Expr grid[3], block[3], cluster[3], smem_bytes;
  std::vector<ArgSpec> args;
  // The C++ names of the structs among the parameters. One that ends in "<T, V>" is a template over
  // the types and the variant.
  std::vector<std::string> structs{};
};

// A call of a library that computes the op.
struct BaselineSpec {
  std::string library, call;            // "cublas", "gemm"
  std::map<std::string, ArgSpec> args;  // the adaptor's words and this op's arguments
};

// An op, as its op.toml describes it.
struct OpSpec {
  std::string name, doc, example;
  std::vector<DType> dtypes;
  // The maths in which products may be computed, by dtype name. The dtype's own math comes first.
  std::map<std::string, std::vector<std::string>> maths;
  std::vector<DimSpec> dims;
  std::vector<ChoiceSpec> choices;
  std::vector<ScalarSpec> scalars;
  std::vector<TensorSpec> tensors;
  Expr flops, bytes;
  std::vector<Constraint> require;
  std::vector<std::string> epilogue_steps;
  std::vector<std::string> epilogue_reductions;  // words that may end a chain
  std::map<std::string, Expr> epilogue_extents;  // elements of a tensor-valued step's vector
  std::vector<LetSpec> lets;     // [let] of op.toml; the kernels' files may use them too
  std::string header;            // "gemm/op.cuh", with the enums of the choices; empty if none
  std::string reference_source;  // empty: no reference
  // The reference is a kernel of the user. It writes values in the types of the tensors, not
  // values and magnitudes in fp64.
  bool reference_gives_values = false;
  LaunchSpec reference;
  // The tolerance by math, in units of 2^-24 of the magnitude (2^-53 for f64). See
  // kernels/common/judge.cuh.
  std::map<std::string, Expr> tolerance;
  std::vector<BaselineSpec> baselines;
  std::vector<std::string> edge_shapes;
  // Returns whether the spec says what is right: by a reference, or by files with the results. Else
  // a configuration is the oracle.
  bool has_oracle() const { return !reference_source.empty() || has_expected(); }
  // Returns whether files hold the right results of all outputs.
  bool has_expected() const;
  // Slots: dims, choices, dtype, math, sizeof_t, align, reduced, device.*. Every kernel's names
  // begin with these slots.
  Names names;
};

// Returns whether a tensor of the op has another dtype than the problem's.
bool has_own_dtypes(const OpSpec& op);

// A knob of a kernel.
struct Knob {
  enum class Kind { integer, boolean, word } kind = Kind::integer;
  std::string name, doc;
  // Not empty, no value twice; the first is the default. The values of words are 0, 1, ...
  std::vector<std::int64_t> values;
  std::vector<std::string> words;  // Kind::word only
  bool is_text = false;            // of words: a macro is the word itself, not its index
  // A power of ten, by which an integer is divided: with 100, the value 25 stands for 0.25.
  // Expressions read the integer.
  std::int64_t below = 1;

  std::string text(std::int64_t value) const;  // "128", "0.25", "true", "along_m"
};

// Returns whether a knob of a kernel with macros may have this text as a value: "float", "0.5f",
// "Op::add". Blanks and '=' separate the knobs in the text of a configuration.
bool is_knob_word(std::string_view text);

// "split_k" -> "SplitK": the name of the enum of a choice or of a knob whose values are words.
std::string pascal_case(std::string_view name);

struct WorkspaceSpec {
  enum class Init { none, zero_once, zero_each } init = Init::none;
  std::string name;
  Expr bytes;
};

// An array of a kernel's source, `__constant__` or `__device__`, that gets an input's values before
// the kernel runs.
struct ConstantSpec {
  std::string symbol;  // as in C++: "taps", "filters::taps"
  std::string tensor;
};

// The work of one call of a configuration, as far as its kernel's [model] describes it. The values
// are totals over all blocks, except the last three, which are per block or per thread. A missing
// value is 0, and missing `units` are 1. Forecasts use the model (time_model.h); it is in no
// digest.
struct ModelSpec {
  Expr fma;           // fp32 multiply-adds of the scalar units
  Expr tensor;        // multiply-adds of the tensor cores
  Expr instructions;  // instructions that warps issue
  Expr shared;        // bytes that shared memory moves, with conflicts and unused lanes
  Expr l2;            // bytes between the SMs and L2
  Expr dram;          // bytes between L2 and device memory
  Expr units;         // number of equal parts that the blocks share
  Expr rounds;        // waits for memory, one after the other, per block
  Expr steps;         // waits for other warps, one after the other, per block
  Expr registers;     // per thread
  // True if no call can do with less of the count. TimeModel::least_time uses only these counts.
  bool least_fma = false, least_tensor = false, least_shared = false;
};

// A kernel, as its TOML file describes it.
struct KernelSpec {
  std::string op, name, doc;  // "gemm", "simt"
  std::string source;         // "gemm/simt.cuh"
  bool knobs_are_macros = false;
  // The dims, choices and knobs that are macros, if knobs are macros. Nothing: all of them.
  std::optional<std::vector<std::string>> macros{};
  std::vector<std::string> options;  // of the compiler, if knobs are macros; see compiler_options.h
  bool reduces = false;  // serves chains that end in a reduction; else `needs` excludes them
  Constraint needs;
  std::vector<Knob> knobs;
  std::vector<Constraint> require;  // for a right result
  std::vector<Constraint> prefer;   // for a fast one; emitted headers do not ask for them
  std::vector<WorkspaceSpec> workspaces;
  std::vector<ConstantSpec> constants;
  std::vector<LaunchSpec> launches;
  std::optional<ModelSpec> model;
  Names names;         // the op's names, then the knobs
  int first_knob = 0;  // slot of the first knob; the others follow in order
  // The digest of the source, everything that it includes, transitively, and the launches
  // ([[launch]], [[workspace]]). See Catalog::source_digest.
  std::string source_digest;
  std::string space_digest;  // of the knobs, their values and the constraints

  // Returns whether the source sees this dim, choice or knob as a macro.
  bool is_macro(const std::string& value) const;
};

// An op and its kernels.
struct OpEntry {
  OpSpec op;
  std::vector<KernelSpec> kernels;  // in the order of their names
};

// Knobs and constraints alone: a file with [[knob]], [let] and [require]. For spaces without a
// kernel (tests, benchmarks).
struct BareSpace {
  Names names;  // the knobs, from slot 0
  std::vector<Knob> knobs;
  std::vector<Constraint> require;
};
BareSpace parse_bare_space(const std::string& toml, const std::string& path);

}  // namespace tw
