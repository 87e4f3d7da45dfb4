// Op and kernel specifications as read from TOML, checked, with every expression parsed.
// The format: docs/search_spaces.md.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/texts.h"
#include "core/expr/expr.h"
#include "core/types/dtype.h"
#include "core/types/epilogue.h"

namespace tw {

struct Constraint {
  std::string reason;
  Expr expr;
};

struct DimSpec {
  std::string name, doc;
  std::optional<Expr> fallback;  // over earlier dims and the choices; none: the user must give it
  std::int64_t min = 1, max = 2147483647;
};
struct ChoiceSpec {
  std::string name, doc;
  std::vector<std::string> values;  // the first is the default
};
struct ScalarSpec {
  std::string name, doc;
  double fallback = 0;
};

enum class Role { in, out, inout };

// The second set of a tensor's values that results are verified on, as expressions over dims and
// choices: kernels/common/inputs.cuh says what they are.
struct FillSpec {
  Expr sign;        // -1, 0 (either) or 1
  Expr scale;       // the largest magnitude
  Expr infinities;  // whether there are a few
};

struct TensorSpec {
  std::string name, doc;
  Role role = Role::in;
  std::vector<Expr> shape, strides;  // elements
  std::string scaled_by;             // a scalar; empty: always read
  // Over the choices: whether kernels get an array of pointers, one to each slice of the first
  // extent, instead of one to the first element.
  std::optional<Expr> by_pointers{};
  FillSpec second{};
};

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
    tolerance,  // of a reference: a double, the error allowed for each unit of the magnitude
    tensor_map,
    pointers  // in a plan only: a tensor by an array of pointers, see TensorSpec::by_pointers
  } kind{};
  std::string name;         // tensor, workspace, scalar, tensor_map
  Expr value;               // int32, int64
  std::vector<Expr> map{};  // tensor_map: what describe_tensor_map takes
  int swizzle = 0;          // tensor_map
  bool im2col = false;      // tensor_map, of describe_im2col_map

  int rank() const { return im2col ? 4 : static_cast<int>(map.size()) / 3; }  // tensor_map
  // The integers that it is made of, in 64 bits unless it is an int32.
  std::span<const Expr> integers() const {
    const bool one = kind == Kind::int32 || kind == Kind::int64;
    return one ? std::span<const Expr>(&value, 1) : std::span<const Expr>(map);
  }
};

struct LaunchSpec {
  std::string entry;
  Expr when;
  Expr grid[3], block[3], cluster[3], smem_bytes;
  std::vector<ArgSpec> args;
};

struct BaselineSpec {
  std::string library, call;            // "cublas", "gemm"
  std::map<std::string, ArgSpec> args;  // the adaptor's words to this op's
};

struct OpSpec {
  std::string name, doc, example;
  std::vector<DType> dtypes;
  // By dtype name: the maths that products may be computed in, the dtype's own first.
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
  std::vector<LetSpec> lets;  // op.toml's [let], usable in the kernels' files too
  std::string header;         // "gemm/op.cuh", where the choices' enums are; empty if there is none
  std::string reference_source;  // empty: no reference; a configuration is the oracle
  LaunchSpec reference;
  // By math, in units of 2^-24 of the magnitude (f64: 2^-53): kernels/common/judge.cuh.
  std::map<std::string, Expr> tolerance;
  std::vector<BaselineSpec> baselines;
  std::vector<std::string> edge_shapes;
  Names names;  // slots: dims, choices, dtype, math, sizeof_t, align, reduced, device.*; the same
                // prefix in every kernel's names
};

struct Knob {
  enum class Kind { integer, boolean, word } kind = Kind::integer;
  std::string name, doc;
  std::vector<std::int64_t>
      values;                      // non-empty, unique; the first is the default; words: 0, 1, ...
  std::vector<std::string> words;  // Kind::word only

  std::string text(std::int64_t value) const;  // "128", "true", "along_m"
};

// "split_k" -> "SplitK": the enum of a choice or of a named knob.
std::string pascal_case(std::string_view name);

struct WorkspaceSpec {
  enum class Init { none, zero_once, zero_each } init = Init::none;
  std::string name;
  Expr bytes;
};

// What one call of a configuration does, as far as its kernel's [model] says: totals over all
// blocks but for the last three, which are of a block or thread. What is not said is 0, of units 1.
// Forecasts are made of it (time_model.h); it is in no digest.
struct ModelSpec {
  Expr fma;           // fp32 multiply-adds of the scalar units
  Expr tensor;        // multiply-adds of the tensor cores
  Expr instructions;  // issued, of warps
  Expr shared;        // bytes that shared memory moves, conflicts and unused lanes included
  Expr l2;            // bytes between the SMs and L2
  Expr dram;          // bytes between L2 and device memory
  Expr units;         // equal parts that the blocks share
  Expr rounds;        // waits for memory, one after the other, of a block
  Expr steps;         // waits for other warps, likewise
  Expr registers;     // of a thread
  // Whether a call cannot do with less of it: what TimeModel::least_time proves is made of these.
  bool least_fma = false, least_tensor = false, least_shared = false;
};

struct KernelSpec {
  std::string op, name, doc;  // "gemm", "simt"
  std::string source;         // "gemm/simt.cuh"
  bool knobs_are_macros = false;
  std::vector<std::string> options;  // of the compiler, if knobs are macros; compiler_options.h
  bool reduces = false;  // it serves chains that end in a reduction; else `needs` excludes them
  Constraint needs;
  std::vector<Knob> knobs;
  std::vector<Constraint> require;  // what a configuration needs in order to be right
  std::vector<Constraint> prefer;   // and to be worth a search; emitted headers don't ask
  std::vector<WorkspaceSpec> workspaces;
  std::vector<LaunchSpec> launches;
  std::optional<ModelSpec> model;
  Names names;         // the op's names, then the knobs
  int first_knob = 0;  // slot of the first knob; the others follow in order
  // Of the source, everything it includes, transitively, and how it is launched ([[launch]],
  // [[workspace]]). See Catalog::source_digest.
  std::string source_digest;
  std::string space_digest;  // of the knobs, their values and the constraints
};

struct OpEntry {
  OpSpec op;
  std::vector<KernelSpec> kernels;  // by name
};

// Knobs and constraints alone: a file with [[knob]], [let] and [require], for spaces that have no
// kernel (tests, benchmarks).
struct BareSpace {
  Names names;  // the knobs, from slot 0
  std::vector<Knob> knobs;
  std::vector<Constraint> require;
};
BareSpace parse_bare_space(const std::string& toml, const std::string& path);

}  // namespace tw
