// The flags that say what is to be tuned, and the problems that they select.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "core/spec/spec.h"
#include "options/options.h"
#include "options/ranges.h"

namespace tw {

std::vector<Flag> problem_flags();

// Returns the ops that the command line uses: the built-in ones, or that of the file of --spec or
// of the source of --kernel.
Catalog catalog_of(const Arguments& arguments);

struct Asked {
  const OpEntry* entry = nullptr;  // points into the catalog
  Problem problem;
  std::string shape;  // as written
  int line = 0;       // line of --shapes; otherwise 0
  // How many times a program computes the problem (count=); 0 if the list does not say.
  std::int64_t count = 0;
};
// Problems that differ in their shapes.
struct AskedRange {
  const OpEntry* entry = nullptr;  // points into the catalog
  ProblemText text{};              // its shape is that of the range, with the layout
  ShapeRange range{};
  int line = 0;            // line of --shapes; otherwise 0
  std::int64_t count = 0;  // as in Asked
};
// Returns the problem of one shape of the range. Throws Error if the op refuses it.
Asked problem_at(const AskedRange& range, const std::string& shape);
// Returns the range of --op and --range, or one range for each line of --shapes. Both follow the
// same rules. The op may refuse shapes of a range, but not its names and values: then throws Error.
// The error names the line of the file.
std::vector<AskedRange> asked_ranges(const Arguments& arguments, const Catalog& catalog);
// Returns the problem of --op and --shape, or the problems of each line of --shapes. A range stands
// for shapes_in(). Throws Error; the error names the line of the file.
std::vector<Asked> asked_problems(const Arguments& arguments, const Catalog& catalog);
// Returns the op of --op, or the only op of a --spec. Throws Error if no op is named.
const OpEntry& asked_op(const Arguments& arguments, const Catalog& catalog);
// Returns the name of --kernel, which picks a kernel of an op; empty if all are searched. The
// kernel of a source is the only one of its op.
std::string asked_kernel(const Arguments& arguments);
// Returns the kernels of the op, or only the kernel called `wanted`. Throws Error that names the
// nearest kernel.
std::vector<const KernelSpec*> asked_kernels(const std::string& wanted, const OpEntry& entry);

}  // namespace tw
