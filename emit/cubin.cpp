#include "emit/cubin.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/lowering/lowering.h"
#include "emit/header/write_cubin.h"
#include "emit/model.h"
#include "emit/tuning/tuning.h"

namespace tw {
namespace {

// Returns what the kernel needs that compiled code with a loader cannot do; empty if nothing.
std::string unservable(const KernelSpec& kernel) {
  if (!kernel.workspaces.empty()) return "needs a workspace";
  for (const LaunchSpec& launch : kernel.launches) {
    for (const ArgSpec& arg : launch.args) {
      if (arg.kind == ArgSpec::Kind::tensor_map) return "takes a tensor map";
    }
  }
  return "";
}

// The code of a branch for a type of arguments.
struct Unit {
  int form = 0, branch = 0;
  std::vector<int> entries;  // of each launch, as indices in the program's entries
  std::size_t names = 0;     // the entries of the program
};

// The winners of one GPU.
struct OneGpu {
  Tuning tuning;
  std::string architecture;
  std::vector<Unit> units;
};

const Branch& branch_of(const Tuning& tuning, int branch) {
  return tuning.branches[static_cast<std::size_t>(branch)];
}

bool has_steps(const Tuning& tuning, int form) {
  return !tuning.forms[static_cast<std::size_t>(form)].epilogue.steps.empty();
}

// Throws Error if compiled code cannot serve a winner.
void check_rows(const Tuning& tuning) {
  for (const TunedRow& row : tuning.rows) {
    const KernelSpec& kernel = *branch_of(tuning, row.branch).kernel;
    const std::string what = has_steps(tuning, row.form) ? "has an epilogue" : unservable(kernel);
    if (what.empty()) continue;
    throw Error(
        fmt::format("the winner of {}, kernel {}, {}, which --format cubin does not hold: use "
                    "--format header, or name other problems with --problem",
                    row.problem.key(tuning.op()), kernel.name, what));
  }
}

OneGpu one_gpu(const EmitRequest& request) {
  OneGpu gpu{tuning_of(request), "", {}};
  Tuning& tuning = gpu.tuning;
  check_header_names(tuning);
  if (tuning.rows.empty()) throw Error("there is no winner that could be compiled");
  if (tuning.device.cc == 0 || tuning.device.model.starts_with("cpu")) {
    throw Error(
        fmt::format("--format cubin compiles for GPUs, and these winners are of {}: tune on a GPU "
                    "(--device cuda)",
                    tuning.device.model.empty() ? "no known device" : tuning.device.model));
  }
  check_rows(tuning);
  std::erase_if(tuning.fallbacks, [&](const Fallback& fallback) {
    return has_steps(tuning, fallback.form) ||
           !unservable(*branch_of(tuning, fallback.branch).kernel).empty();
  });
  gpu.architecture = architecture_of(tuning.device.cc);
  return gpu;
}

// Adds the programs of all branches.
void add_programs(OneGpu& gpu, std::vector<GpuProgram>& programs) {
  const Tuning& tuning = gpu.tuning;
  std::set<std::pair<int, int>> seen;
  const auto add = [&](int form, int index) {
    if (!seen.emplace(form, index).second) return;
    const Branch& branch = branch_of(tuning, index);
    const Form& of = tuning.forms[static_cast<std::size_t>(form)];
    Problem problem = branch.problem;
    problem.dtype = of.dtype;
    problem.math = of.math;
    problem.epilogue = of.epilogue;
    ConfigurationCode code =
        code_of(*tuning.request->catalog, *branch.kernel, problem, branch.configuration);
    gpu.units.push_back({form, index, std::move(code.entries), code.program.entries.size()});
    programs.push_back({std::move(code.program), gpu.architecture});
  };
  for (const TunedRow& row : tuning.rows) add(row.form, row.branch);
  for (const Fallback& fallback : tuning.fallbacks) add(fallback.form, fallback.branch);
}

header::Binary binary_of(const Unit& unit, GpuCode code) {
  header::Binary binary{std::move(code.cubin), {}, {}};
  for (const int entry : unit.entries) {
    binary.entries.push_back(code.names[static_cast<std::size_t>(entry)]);
  }
  binary.constants.assign(code.names.begin() + static_cast<std::ptrdiff_t>(unit.names),
                          code.names.end());
  return binary;
}

// Leaves out a default that does not compile. Throws Error if a winner does not.
void drop(OneGpu& gpu, const Unit& unit, const std::string& failure) {
  Tuning& tuning = gpu.tuning;
  for (const TunedRow& row : tuning.rows) {
    if (row.form != unit.form || row.branch != unit.branch) continue;
    throw Error(fmt::format("the winner of {}, kernel {}, does not compile for {}: {}",
                            row.problem.key(tuning.op()),
                            branch_of(tuning, row.branch).kernel->name, gpu.architecture, failure));
  }
  std::erase_if(tuning.fallbacks, [&](const Fallback& fallback) {
    return fallback.form == unit.form && fallback.branch == unit.branch;
  });
}

// Throws Error if two GPUs give a type of arguments different fields or defaults: their winners are
// of kernels with other named numbers.
void check_same_arguments(const std::vector<header::GpuModel>& models) {
  std::map<std::string, std::pair<std::string, std::string>> seen;  // by type: fields and GPU
  for (const header::GpuModel& gpu : models) {
    for (const header::Form& form : gpu.model.forms) {
      std::string fields;
      for (const header::Field& field : form.fields) {
        fields += fmt::format("{} {} {}\n", field.type, field.name, field.value);
      }
      const auto [at, is_new] = seen.try_emplace(form.type, fields, gpu.gpu);
      if (is_new || at->second.first == fields) continue;
      throw Error(
          fmt::format("the winners of {} and of {} take different arguments: name one of "
                      "the GPUs with --device",
                      at->second.second, gpu.gpu));
    }
  }
}

}  // namespace

std::map<std::string, std::string> emit_cubin(const std::vector<EmitRequest>& requests,
                                              const CompileForGpus& compile) {
  std::vector<OneGpu> gpus;
  std::vector<GpuProgram> programs;
  for (const EmitRequest& request : requests) gpus.push_back(one_gpu(request));
  for (OneGpu& gpu : gpus) add_programs(gpu, programs);
  std::vector<GpuCode> codes = compile(programs);
  std::vector<header::GpuModel> models;
  std::size_t at = 0;
  for (OneGpu& gpu : gpus) {
    header::GpuModel model;
    for (const Unit& unit : gpu.units) {
      GpuCode& code = codes[at++];
      if (code.failure.empty()) {
        model.binaries[{unit.form, unit.branch}] = binary_of(unit, std::move(code));
      } else {
        drop(gpu, unit, code.failure);
      }
    }
    model.gpu = gpu.tuning.device.model;
    model.architecture = gpu.architecture;
    model.model = model_of(gpu.tuning);
    model.model.scope += fmt::format("_{}", models.size());
    models.push_back(std::move(model));
  }
  check_same_arguments(models);
  std::string all;
  const auto set_digest = [&](const std::string& digits) {
    for (header::GpuModel& model : models) model.model.digest = digits;
  };
  set_digest(std::string(header::digest_digits, '0'));
  for (const auto& [path, text] : header::write_cubin_files(models)) {
    all += path + '\0' + text + '\0';
  }
  set_digest(digest(all).substr(0, header::digest_digits));
  const header::Texts files = header::write_cubin_files(models);
  return {files.begin(), files.end()};
}

}  // namespace tw
