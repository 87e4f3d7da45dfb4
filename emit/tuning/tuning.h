// The contents of a header in terms of the catalog: the types of arguments, the branches, the tuned
// problems, and the configurations for untuned problems. The check before a header is written works
// on a Tuning, and so does the model of the header (emit/model.h).
#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/space/space.h"
#include "emit/tuning/request.h"

namespace tw {

// A field that an epilogue step adds to a type of arguments.
struct EpilogueField {
  std::string name, doc;   // "bias_column", "clamp2_lo"
  bool is_tensor = false;  // else it is a constant
  // The value of a constant, if all winners of the type were tuned with this value. Nothing if the
  // values differ, or if one of them is not known.
  std::optional<float> tuned{};
};

// A type of arguments. It stands for one storage type, one math and one chain of epilogue steps.
struct Form {
  DType dtype = DType::f32;
  std::string math;
  Epilogue epilogue;                  // the constants are those of the first winner of the type
  std::string type;                   // "Args", "ArgsBiasColumnRelu"
  std::string base;                   // the type that it extends; empty if the chain is empty
  std::vector<EpilogueField> fields;  // in the order of the chain
};

// One configuration of a kernel, for one value of each choice. Each form that uses the branch
// compiles it once.
struct Branch {
  const KernelSpec* kernel = nullptr;
  Problem problem;  // a problem that the branch serves; its choices are the choices of the branch
  Configuration configuration;
};

// A tuned problem and the branch that won it.
struct TunedRow {
  int form = 0;    // index in Tuning::forms
  int branch = 0;  // index in Tuning::branches
  Winner winner;
  Problem problem;
  bool has_constants = false;  // the constants of problem.epilogue are those of the tuning
};

// A branch that may serve problems that were not tuned: those of the form, with the choices of the
// branch.
struct Fallback {
  int form = 0;    // index in Tuning::forms
  int branch = 0;  // index in Tuning::branches
};

struct Tuning {
  const EmitRequest* request = nullptr;
  const OpEntry* entry = nullptr;
  DeviceInfo device;  // the limits of the tuned device; cc is 0 if nothing was tuned
  // A form stands behind the form that it extends. A form without branches is only extended.
  std::vector<Form> forms;
  std::vector<Branch> branches;
  std::vector<TunedRow> rows;
  std::vector<std::vector<double>> residuals;  // [row][branch]: residuals_of()
  std::vector<Fallback> fallbacks;             // in the order in which a call tries them
  std::vector<const KernelSpec*> kernels;      // the kernels of the branches, each once
  std::set<const KernelSpec*> own_targets;     // the op's kernels of which has_own_target() holds

  const OpSpec& op() const { return entry->op; }
};

// Returns the contents of the header for the request, which must outlive them. Throws Error if the
// catalog does not know a winner's problem, kernel or configuration, if the winners are of several
// ops or devices, and if name_space is no C++ namespace.
// If nothing_held() gives reasons, there are no branches.
Tuning tuning_of(const EmitRequest& request);
// Throws Error if two names of a header would be equal.
void check_header_names(const Tuning& tuning);

// Returns the index of the form for a problem. Returns -1 if the header has no arguments of the
// problem's storage, math and chain.
int form_of(const Tuning& tuning, const Problem& problem);
// Return the key in EmitRequest::checked. For a row it is the tuned problem. For a fallback it is
// the form with the choices, the kernel and the configuration.
std::string subject_of(const Tuning& tuning, const TunedRow& row);
std::string subject_of(const Tuning& tuning, const Fallback& fallback);

}  // namespace tw
