// Writes a header: turns its model into text.
#pragma once
#include <fmt/format.h>

#include <string>
#include <vector>

#include "emit/header/model.h"
#include "emit/header/text.h"

namespace tw::header {

// Returns the files of the emitted folder, by path. See emit/emit.h for the list.
Texts write_files_of(const Model& model);

// The parts of the above, each without the notice and the include guard.
std::string write_api(const Model& model);        // <op>.h
std::string write_select(const Model& model);     // dispatch/select.h
std::string write_dispatch(const Model& model);   // <op>.cuh
std::string write_instances(const Model& model);  // <op>.cu
// <op>.<kernel>.cu: the code of a kernel, if the header is split.
std::string write_kernel_instances(const Model& model, int kernel);

// The sections of <op>.h.
std::string write_enum(const Choice& choice);
std::string write_arguments(const Form& form);
// The sections of dispatch/select.h.
std::string write_problem(const Model& model);
std::string write_read(const Model& model);
std::string write_kernel(const Model& model, int kernel);
std::string write_tables(const Model& model);
// The parts of dispatch/select.h for calls that were not tuned: a kernel's function that forecasts
// the time of a call; the places of the tuned problems and the numbers by which branches are
// compared; the function that picks the kernel's function.
std::string write_forecast_function(const Kernel& kernel);
std::string write_comparison(const Model& model);
std::string write_forecast(const Model& model);
// The sections of <op>.cuh.
std::string write_branch(const Model& model, int branch);
std::string write_form(const Model& model, int form);
std::string write_runner(const Model& model, const Kernel& kernel);
// units/v<branch>.cuh: the code of a branch of a given kernel.
std::string write_unit(const Model& model, int branch);

// Returns the code that stops the compiler if one file includes two tunings with the same public
// namespace. A program may contain both.
std::string write_name_guard(const Model& model);
// Returns the license of the files that are ours, as comments.
std::string write_license();
// Returns what comments say of the origin of the file.
std::string write_notice(const Model& model);
// Returns "dispatch::Members<Problem, &Problem::m, ...>", or another template of this kind.
template <class Named>
std::string members_of(const std::vector<Named>& all, const char* type = "Members") {
  std::string list = "Problem";
  for (const Named& one : all) list += ", &Problem::" + one.name;
  return fmt::format("dispatch::{}<{}>", type, list);
}
// Returns how names of the kernels get the digest.
Renaming renaming_of(const Model& model);
// Returns the namespace of the branches: "tw_1a2b3c4d::dispatch_gemm".
std::string inner_scope(const Model& model);
// Returns the namespace of a unit: "tw_1a2b3c4d::unit_v3".
std::string unit_scope(const Model& model, int branch);
// Returns the macro that says which kernel a file of a split header compiles. A file without it
// compiles all of them.
std::string part_macro(const Model& model);
// Returns the lines that open the public namespace, and those that close it.
std::string open_space(const Model& model);
std::string close_space(const Model& model);

}  // namespace tw::header
