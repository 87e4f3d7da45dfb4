// The contents of an emitted folder, before they are text: the forms of a call, the branches, the
// tuned problems, and the configurations for untuned problems.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/base/texts.h"
#include "core/space/space.h"
#include "emit/header/text.h"
#include "emit/tuning/request.h"

namespace tw {

// A field of an argument type that an epilogue step needs.
struct EpilogueField {
  std::string name, doc;  // "bias_column", "clamp2_lo"
  bool is_tensor = false;
  // The value of a scalar with which all winners of the type were tuned. Nothing if the values
  // differ, or if one is not known.
  std::optional<float> tuned{};
};

// A type of arguments: one storage type, one math, one chain of epilogue steps.
struct Form {
  DType dtype = DType::f32;
  std::string math;
  Epilogue epilogue;
  std::string type;  // "Args", "ArgsBiasColumnRelu"
  std::string base;  // the type that it extends; empty if the chain is empty
  std::vector<EpilogueField> fields;
};

// One configuration for one value of each choice. It is compiled once for each form that uses it.
struct Branch {
  const KernelSpec* kernel = nullptr;
  Problem problem;  // a problem that it serves: its choices are the branch's
  Configuration configuration;
};

// A tuned problem and its branch.
struct TunedRow {
  int form = 0;
  int branch = 0;
  Winner winner;
  Problem problem;
  bool has_constants = false;  // problem.epilogue has the constants of the tuning
};

// A branch that may serve untuned problems, for a form and the choices of the branch.
struct Fallback {
  int form = 0;
  int branch = 0;
};

struct EmitModel {
  const EmitRequest* request = nullptr;
  const OpEntry* entry = nullptr;
  DeviceInfo device;  // the limits of the tuned device; cc 0 if nothing was tuned
  std::vector<Form> forms;
  std::vector<Branch> branches;
  std::vector<TunedRow> rows;
  std::vector<Fallback> fallbacks;         // in the order in which they are tried
  std::vector<const KernelSpec*> kernels;  // the kernels of the branches
  Texts sources;                           // the kernels' sources with everything they include
  Renaming renaming;                       // the digest is set when the texts are written
  std::string name_space;                  // "tuned"

  const OpSpec& op() const { return entry->op; }
};

// Throws Error if a winner's problem, kernel or configuration is unknown to the catalog. If
// nothing_held gives reasons, the model has no branches.
EmitModel model_of(const EmitRequest& request);

// Returns the form of a problem; -1 if the header has no arguments of its storage, math and chain.
int form_of(const EmitModel& model, const Problem& problem);
// Returns the key in EmitRequest::checked: the tuned problem, or a default with its form and
// choices.
std::string subject_of(const EmitModel& model, const TunedRow& row);
std::string subject_of(const EmitModel& model, const Fallback& fallback);
// Returns whether any form has an epilogue.
bool has_chains(const EmitModel& model);
// Returns the namespace inside the headers' own namespace: "dispatch_gemm".
std::string inner_namespace(const EmitModel& model);
// Returns the full inner namespace: "tw_1a2b3c4d::dispatch_gemm".
std::string inner_scope(const EmitModel& model);
// Returns the file of the types of arguments: "gemm.h".
std::string header_of(const EmitModel& model);
// Returns the namespace that users call, such as "tuned::gemm".
std::string public_namespace(const EmitModel& model);
// Returns the branches that calls of a form may take, in ascending order.
std::vector<int> branches_of(const EmitModel& model, int form);
// Returns the enum of a choice: "Layout".
std::string enum_of(const ChoiceSpec& choice);
// Returns what stands for a slot of `names` in an emitted expression: "problem.m", "knob.block_m".
std::string spelled(const EmitModel& model, const Names& names, int first_knob, int slot);
// Returns the kernel's name as part of a C++ identifier.
std::string identifier_of(const KernelSpec& kernel);
// Returns the struct that launches the kernel: "run_mma". No kernel's identifier begins like this.
std::string runner_of(const KernelSpec& kernel);
// Returns the largest number of integer arguments in a launch of the kernel.
int integer_arguments(const KernelSpec& kernel);
bool uses_tensor_maps(const EmitModel& model);
// Returns the field for the array of a tensor that can be given by pointers: "a_pointers".
std::string pointers_field(const TensorSpec& tensor);
bool has_tensors_by_pointers(const OpSpec& op);
// Returns the tensor of an argument.
const TensorSpec& tensor_of(const OpSpec& op, const ArgSpec& arg);

// The emitted texts, each without the notice. See emit.cpp for the layout of the folder.
std::string api_text(const EmitModel& model);       // <op>.h
std::string select_text(const EmitModel& model);    // dispatch/select.h
std::string dispatch_text(const EmitModel& model);  // <op>.cuh
std::string source_text(const EmitModel& model);    // <op>.cu

// Returns the origin of the texts as // lines: generator, device, digests, and the note of the
// request.
std::string notice_of(const EmitModel& model);
// Returns the measurements of a row: time, rate, registers, place and date, one string for each
// line.
std::vector<std::string> evidence_of(const EmitModel& model, const TunedRow& row);
// Returns "checked on NVIDIA H200, 8 shapes", or "not checked", for a row or a fallback.
std::string check_of(const EmitModel& model, const std::string& subject);

// The texts of emit/emitted, and of checked.h, tensor_map.h and encode_tensor_map.h of tuner/core,
// by their path in an emitted folder. The build embeds them.
const Texts& emitted_texts();

}  // namespace tw
