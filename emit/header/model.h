// The model of a header: everything that the header says, before it is text.
//
// The model is complete. emit/model.h decides what a header contains, what its parts are called,
// and which numbers and reasons it gives. The writers of this folder turn a model into text. They
// decide nothing and they cannot fail: they know neither the catalog nor the database nor the specs
// (cmake/rooms.txt).
//
// The comments below say which of these kinds a string is:
//
// - A *text* is for a comment or a message. It may contain any byte. The writers escape it.
// - A *name* is a C++ identifier. It differs from the names beside it and is no word of C++.
// - *Code* is C++ that the writers copy. It may read the variables that its comment names.
// - *Kernel code* is C++ that names things of the kernels, in the namespace `tw` or in a namespace
//   of the user. The writers add the digest of the tuning to the names of these namespaces.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tw::header {

// Texts by path. It is the type of core/base/texts.h.
using Texts = std::map<std::string, std::string, std::less<>>;

// A field of a type of arguments.
struct Field {
  std::string doc;    // a text
  std::string type;   // code: "std::int64_t", "const float*"
  std::string name;   // a name
  std::string value;  // code of the default value; empty if the field has no default
};

// A condition under which a call or a branch is refused.
struct Check {
  std::string condition;  // code; the call is refused if the condition holds
  std::string reason;     // the text of the message
  std::string comment{};  // a text; empty if the check has no comment
};

// A type of arguments. It is a struct in <op>.h. Its properties are in <op>.cuh.
struct Form {
  std::string type;  // the name: "ArgsBiasColumnRelu"
  std::string base;  // the name of the type that it extends; empty if it extends none
  std::string doc;   // a text
  std::vector<Field> fields;
  // The names of the fields without a default. The constructor takes their values.
  std::vector<std::string> stated;

  // The storage type and the math, as their numbers in expressions.
  std::int64_t dtype = 0, math = 0;
  bool is_reduced = false;  // The chain ends in a reduction.
  std::string element;      // kernel code of the storage type: "float"
  int element_bytes = 0;    // its size
  std::string types;        // kernel code that defines Types
  std::string chain;        // kernel code of the type of the epilogue
  // The checks before the tensors of the epilogue are checked. Their code reads `args`.
  std::vector<Check> checks;
  std::vector<std::string> tensors;  // the names of the fields for the tensors of the epilogue
  std::vector<std::string> scalars;  // the names of the fields for the constants of the epilogue
  // All tensors must be aligned to this number of bytes. It is 0 if the size of an element of the
  // storage type is enough.
  int alignment = 0;
  // The branches that a call may take, in ascending order. If there is none, no call has arguments
  // of this type, and other types extend it.
  std::vector<int> branches;
};

// A choice of the op. It is an enum in <op>.h, and a field of each type of arguments.
struct Choice {
  std::string doc;                  // a text
  std::string type;                 // the name of the enum: "Layout"
  std::string name;                 // the name of the field
  std::vector<std::string> values;  // names
  std::string reason;               // the text if the field has none of the values
};

// A dim of the op. It is a field of each type of arguments.
struct Dim {
  std::string name;  // the name of the field
  // Code of the value that -1 stands for. It reads `problem`. Empty if the dim has no default.
  std::string fallback;
  std::int64_t least = 1, most = 1;
  std::string reason;   // the text if the value is not between `least` and `most`
  bool is_axis = true;  // It counts for the distance of two problems: no other dim implies it.
};

// One axis of a tensor. The code reads `problem`.
struct Axis {
  std::string extent, stride;  // code, in elements
};

// A tensor of the op, with what is checked of it.
struct Tensor {
  std::string name;          // the name of the field
  std::string is_null;       // the text if the pointer is null
  std::vector<Axis> axes;    // the outermost axis comes first
  std::int64_t most = 0;     // the most elements from the first to the last
  std::string is_too_large;  // the text if there are more elements
  // The name of a scalar. If this scalar is 0, the tensor is not read and may be null. Empty if the
  // tensor is always used.
  std::string scaled_by;
  // Code that reads `problem`. If it holds, the call gives an array of pointers instead of the
  // tensor. Empty if the call never does.
  std::string by_pointers;
  std::string pointers;           // the name of the field for this array
  std::string pointers_are_null;  // the text if this array is null
};

// The description of a tensor map.
struct Map {
  bool is_im2col = false;
  int rank = 0;               // An im2col map has no rank.
  int swizzle = 0;            // bytes
  std::string element;        // the element's type, a member of Form: "T", "Types::a_t"
  std::string element_bytes;  // code that reads `problem`
  // Code that reads `problem`. If it holds, no map can describe the tensor. Empty if it never
  // holds.
  std::string by_pointers;
};

// One argument of a launch.
struct Argument {
  enum class Kind { int32, int64, workspace, epilogue, tensor, map, scalar, literal };

  Kind kind = Kind::int32;
  // int32, int64, scalar and literal: code of the parameter's type in plain C++: "std::uint8_t",
  // and "__half" or "__nv_bfloat16".
  std::string type;
  // tensor, map and scalar: the name of the field. literal: code of the value.
  std::string field;
  int workspace = 0;  // workspace: its index
  // int32, int64 and map: code of the integers. It reads `knob`, `problem` and `device`.
  std::vector<std::string> integers;
  // tensor: code that reads `args`. If it holds, the kernel gets the array of pointers. Empty if it
  // never does.
  std::string by_pointers;
  std::string pointers;  // tensor: the name of the field for this array
  Map map;               // map
  // If it is not 0, the argument is a member of Launch::structs[structure - 1]. Consecutive
  // arguments with the same number are one parameter.
  int structure = 0;
};

// A launch of a kernel. Its code reads `knob`, `problem` and `device`.
struct Launch {
  std::string entry;                                // kernel code of the function template
  std::string label;                                // the text of its name
  std::string when;                                 // code: the pass runs if it is not 0
  std::array<std::string, 3> grid, block, cluster;  // code
  std::string shared;                               // code of the bytes of dynamic shared memory
  std::vector<Argument> arguments;
  std::vector<std::string> structs;  // kernel code of types; it may name the types T and V
};

// A workspace of a kernel.
struct Workspace {
  std::string label;  // the text of its name
  std::string bytes;  // code that reads `knob`, `problem` and `device`
};

// A knob of a kernel.
struct Knob {
  std::string name;   // a name
  std::string words;  // the text of what its values mean; empty if they are numbers
};

// An array of a kernel's source that gets the values of a tensor before each launch.
struct Constant {
  std::string field;  // the name of the tensor's field
  std::string bytes;  // code of the tensor's size; it reads `problem`
};

// The counts of a kernel's [model]: code that reads `knob`, `problem` and `device`. The names are
// the members of dispatch::Work.
using Counts = std::vector<std::pair<std::string, std::string>>;

// A kernel. It is a namespace in dispatch/select.h, and a struct in <op>.cuh.
struct Kernel {
  std::string label, doc;  // texts
  std::string scope;       // the name of the namespace: "kernel_mma"
  std::string runner;      // the name of the struct: "run_mma"
  std::string file;        // the name of the file, if the header is split: "gemm.mma.cu"
  std::vector<Knob> knobs;
  std::vector<Check> checks;  // Their code reads `knob`, `problem` and `device`.
  std::vector<Workspace> workspaces;
  std::vector<int> zero_each;  // the workspaces that are zeroed before each launch
  std::vector<int> zero_once;  // the workspaces that the caller zeroes once
  std::vector<Launch> launches;
  int most_integers = 0;  // the largest number of integers in one launch
  Counts counts;          // empty: the kernel has no [model]
  // The kernel is compiled as its author wrote it, and each branch of it has a Unit.
  bool is_given = false;
  std::vector<Constant> constants;  // of a given kernel
  // The sizes of the constants are integers of the first pass, from this one on.
  int constants_at = 0;
};

// The code of a branch of a given kernel: its sources, compiled with macros in a namespace of its
// own.
struct Unit {
  std::string source;                  // the path of the kernel's source in Model::given
  std::vector<std::string> leading;    // system headers that come before the macros: "<cmath>"
  std::vector<std::string> defines;    // "BLOCK=128"
  std::vector<std::string> entries;    // code: the kernel of each launch, as the source names it
  std::vector<std::string> constants;  // code: the arrays of Kernel::constants
};

// A configuration of a kernel.
struct Branch {
  int kernel = 0;                   // an index in Model::kernels
  std::string title;                // the text of the kernel, the choices and the configuration
  std::vector<std::string> notes;   // the texts of the evidence, and of the calls that it serves
  std::string variant;              // kernel code: the struct with the choices and the knobs
  std::string configuration;        // a text
  std::vector<std::int64_t> knobs;  // their values
  std::string passed_over;          // the text if the program lacks the code of the branch
  Unit unit{};                      // of a given kernel
};

// The compiled code of a branch, for one type of arguments.
struct Binary {
  std::string image;                   // a cubin
  std::vector<std::string> entries;    // texts: the function of each launch
  std::vector<std::string> constants;  // texts: the arrays of Kernel::constants
};

// A problem: the values of the struct Problem, in its order.
using Numbers = std::vector<std::int64_t>;

// A tuned problem.
struct Row {
  int branch = 0, form = 0;  // indices in Model::branches and Model::forms
  Numbers problem;
  std::vector<int> scalars;  // kind_of() of each scalar
  double median_ns = 0;
  std::string text;                 // the text of the problem
  std::vector<double> residuals{};  // of each branch; see dispatch/choose.h
};

// A branch for problems that were not tuned.
struct Fallback {
  int branch = 0, form = 0;  // indices in Model::branches and Model::forms
  Numbers problem;           // Only its choices count.
};

// A source of the kernels. The emitted folder contains a copy of it.
struct Source {
  std::string text;      // C++
  std::string origin;    // the text of its path and its digest
  bool is_ours = false;  // The source is Tilewright's, and so is its license.
};

inline constexpr std::size_t digest_digits = 8;  // of Model::digest

// A header. Vectors are in the order in which the text has their elements.
struct Model {
  // digest_digits hexadecimal digits. Names that two tunings may not share contain them. They are
  // the digest of the files, so emit() sets them last.
  std::string digest;

  std::string op;          // the name of <op>.cuh and <op>.cu; messages have it too
  std::string doc;         // a text
  std::string api;         // the name of the file of the types of arguments: "gemm.h"
  std::string user_space;  // the namespace that the user asked for: "my::kernels"
  std::string space;       // the namespace of the public functions: "my::kernels::gemm"
  std::string scope;       // the name of the namespace of the branches: "dispatch_gemm"
  // The name of a macro. It is defined if a file includes a tuning with this public namespace.
  std::string guard;

  std::string generator;             // the text of the program that writes the header
  std::vector<std::string> origins;  // the texts of the device, the kernels and the check
  std::string note;                  // the text of a warning; empty if there is none

  std::vector<Dim> dims;
  std::vector<Choice> choices;
  std::vector<std::string> scalars;  // the names of the fields
  std::vector<Tensor> tensors;
  bool has_pointers = false;  // A tensor can be given by pointers.
  std::vector<Check> checks;  // the requirements of the op; their code reads `problem`, `device`
  std::vector<Form> forms;    // A form comes after the form that it extends.
  std::vector<Kernel> kernels;
  std::vector<Branch> branches;
  std::vector<Row> rows;
  std::vector<Fallback> fallbacks;
  bool has_forecasts = false;  // All kernels of tuned problems have counts.
  // For each form the members of dispatch::Rates, in their order; if there are forecasts.
  std::vector<std::vector<double>> rates;
  // The compute capability times ten and the number of SMs of the tuned GPU; 0 if there is none.
  std::int64_t cc = 0, sms = 0;
  std::string nothing_serves;  // the text if no branch serves a call

  bool is_split = false;              // Each kernel is compiled in a file of its own.
  bool reads_memory = false;          // An expression reads the size of the device's memory.
  bool has_maps = false;              // A kernel takes a tensor map.
  std::vector<std::string> includes;  // the paths of the sources that <op>.cuh includes
  std::vector<std::string> roots;     // the namespaces of the kernels that get the digest
  std::map<std::string, Source, std::less<>> sources;  // by path
  // The sources of given kernels. No name in them is changed.
  std::map<std::string, Source, std::less<>> given;
  int standard = 0;  // the least __cplusplus that given kernels need, if beyond C++17: 202002
  Texts parts;       // the parts of the dispatch that all headers share, by path
};

}  // namespace tw::header
