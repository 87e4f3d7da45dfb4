// The flags that say what is to be tuned, and the problems that they mean.
#pragma once
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "core/spec/spec.h"
#include "options/options.h"

namespace tw {

std::vector<Flag> problem_flags();

// The ops that the command line means: those built in, or the file of --spec.
Catalog catalog_of(const Arguments& arguments);

struct Asked {
  const OpEntry* entry = nullptr;  // into the catalog
  Problem problem;
  std::string shape;  // as it was written
  int line = 0;       // of --shapes; else 0
};
// Of --op and --shape, or one a line of --shapes. Throws Error; of a file it names the line.
std::vector<Asked> asked_problems(const Arguments& arguments, const Catalog& catalog);
// The op of --op, or the only one of a --spec. Throws Error if none is named.
const OpEntry& asked_op(const Arguments& arguments, const Catalog& catalog);
// The kernels of the op, or the one called `wanted`. Throws Error with the nearest.
std::vector<const KernelSpec*> asked_kernels(const std::string& wanted, const OpEntry& entry);

}  // namespace tw
