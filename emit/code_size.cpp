#include "emit/code_size.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <utility>

#include "core/lowering/lowering.h"
#include "emit/tuning/given_kernel.h"

namespace tw {

CodeSizes::CodeSizes(const Catalog& catalog, std::string architecture, CompileForGpus compile)
    : catalog_(&catalog), architecture_(std::move(architecture)), compile_(std::move(compile)) {}

std::string CodeSizes::key_of(const Branch& branch) const {
  const Problem& problem = branch.problem;
  std::vector<std::int64_t> dims;  // those that the code contains
  for (const std::size_t dim : compiled_dims(*catalog_, *branch.kernel)) {
    dims.push_back(problem.dims[dim]);
  }
  return fmt::format("{} {} {} {} {} {} {}", branch.kernel->name,
                     fmt::join(branch.configuration, ","), name_of(problem.dtype), problem.math,
                     problem.epilogue.structure(), fmt::join(problem.choices, ","),
                     fmt::join(dims, ","));
}

std::vector<std::optional<std::int64_t>> CodeSizes::of(const std::vector<Branch>& branches) {
  std::vector<GpuProgram> programs;
  std::vector<std::string> keys, compiled;
  for (const Branch& branch : branches) {
    keys.push_back(key_of(branch));
    if (!known_.try_emplace(keys.back()).second) continue;
    compiled.push_back(keys.back());
    programs.push_back(
        {code_of(*catalog_, *branch.kernel, branch.problem, branch.configuration).program,
         architecture_});
  }
  if (!programs.empty()) {
    const std::vector<GpuCode> codes = compile_(programs);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      if (!codes[i].failure.empty()) continue;
      known_[compiled[i]] = static_cast<std::int64_t>(codes[i].cubin.size());
    }
  }
  std::vector<std::optional<std::int64_t>> sizes;
  for (const std::string& key : keys) sizes.push_back(known_.at(key));
  return sizes;
}

std::vector<Branch> compiled_branches(const Tuning& tuning) {
  std::set<std::pair<int, int>> seen;
  std::vector<Branch> branches;
  const auto add = [&](int form, int index) {
    if (!seen.emplace(form, index).second) return;
    Branch& branch = branches.emplace_back(tuning.branches[static_cast<std::size_t>(index)]);
    const Form& of = tuning.forms[static_cast<std::size_t>(form)];
    branch.problem.dtype = of.dtype;
    branch.problem.math = of.math;
    branch.problem.epilogue = of.epilogue;
  };
  for (const TunedRow& row : tuning.rows) add(row.form, row.branch);
  for (const Fallback& fallback : tuning.fallbacks) add(fallback.form, fallback.branch);
  return branches;
}

}  // namespace tw
