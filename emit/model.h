// What an emitted folder says, before it is text: the forms of a call, the branches, the tuned
// problems, and the configurations that serve where nothing was tuned.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/base/texts.h"
#include "core/space/space.h"
#include "emit/emit.h"
#include "emit/text.h"

namespace tw {

// A field of an argument type that an epilogue step needs.
struct EpilogueField {
  std::string name, doc;  // "bias_column", "clamp2_lo"
  bool is_tensor = false;
  // The value of a scalar that all winners of the type were tuned with. Nothing if they differ, or
  // if the value is not known.
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

// One configuration for one value of each choice; compiled once for each form that uses it.
struct Branch {
  const KernelSpec* kernel = nullptr;
  Problem problem;  // one that it serves: its choices are the branch's
  Configuration configuration;
};

// A problem that was tuned, and its branch.
struct TunedRow {
  int form = 0;
  int branch = 0;
  Winner winner;
  Problem problem;
  bool has_constants = false;  // those of problem.epilogue are the ones that it was tuned with
};

// A branch that may serve what was not tuned, for a form and the choices of the branch.
struct Fallback {
  int form = 0;
  int branch = 0;
};

struct EmitModel {
  const EmitRequest* request = nullptr;
  const OpEntry* entry = nullptr;
  DeviceInfo device;  // the tuned one's limits; cc 0 if nothing was tuned
  std::vector<Form> forms;
  std::vector<Branch> branches;
  std::vector<TunedRow> rows;
  std::vector<Fallback> fallbacks;         // in the order in which they are tried
  std::vector<const KernelSpec*> kernels;  // those of the branches
  Texts sources;                           // their sources with everything they include
  Renaming renaming;                       // the digest is set when the texts are written
  std::string name_space;                  // "tuned"

  const OpSpec& op() const { return entry->op; }
};

// Throws Error if a winner's problem, kernel or configuration is unknown to the catalog. It has no
// branches where nothing_held says why.
EmitModel model_of(const EmitRequest& request);

// The form of a problem; -1: the header has no arguments of its storage, math and chain.
int form_of(const EmitModel& model, const Problem& problem);
// What EmitRequest::checked calls them: the tuned problem; a default with its form and choices.
std::string subject_of(const EmitModel& model, const TunedRow& row);
std::string subject_of(const EmitModel& model, const Fallback& fallback);
// Whether a form has an epilogue.
bool has_chains(const EmitModel& model);
// The namespace inside the headers' own: "dispatch_gemm".
std::string inner_namespace(const EmitModel& model);
// With what is around it: "tw_1a2b3c4d::dispatch_gemm".
std::string inner_scope(const EmitModel& model);
// "gemm.h": the file of the types of arguments.
std::string header_of(const EmitModel& model);
// Of what users call, such as "tuned::gemm".
std::string public_namespace(const EmitModel& model);
// The branches that calls of a form may take, ascending.
std::vector<int> branches_of(const EmitModel& model, int form);
// "Layout": the enum of a choice.
std::string enum_of(const ChoiceSpec& choice);
// What stands for a slot of `names` in an emitted expression: "problem.m", "knob.block_m".
std::string spelled(const EmitModel& model, const Names& names, int first_knob, int slot);
// The kernel's name as part of a C++ identifier.
std::string identifier_of(const KernelSpec& kernel);
// "run_mma": the struct that launches it. No kernel's identifier begins so.
std::string runner_of(const KernelSpec& kernel);
// The most integer arguments that a launch of the kernel takes.
int integer_arguments(const KernelSpec& kernel);
bool uses_tensor_maps(const EmitModel& model);
// "a_pointers": the field for the array of a tensor that can be given by pointers.
std::string pointers_field(const TensorSpec& tensor);
bool has_tensors_by_pointers(const OpSpec& op);
// That of a tensor's argument.
const TensorSpec& tensor_of(const OpSpec& op, const ArgSpec& arg);

// The emitted texts, each without the digest's notice; see emit.cpp for the folder's layout.
std::string api_text(const EmitModel& model);       // <op>.h
std::string select_text(const EmitModel& model);    // dispatch/select.h
std::string dispatch_text(const EmitModel& model);  // <op>.cuh
std::string source_text(const EmitModel& model);    // <op>.cu

// Where the texts come from, as // lines: generator, device, digests, and the note of the request.
std::string notice_of(const EmitModel& model);
// What was measured of a row: time, rate, registers, place and date, one string a line.
std::vector<std::string> evidence_of(const EmitModel& model, const TunedRow& row);
// "checked on NVIDIA H200, 8 shapes", or "not checked": of a row or a fallback.
std::string check_of(const EmitModel& model, const std::string& subject);

// db/emitted and tuner/core/checked.h, by the path that they get in an emitted folder; embedded by
// the build.
const Texts& emitted_texts();

}  // namespace tw
