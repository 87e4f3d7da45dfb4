// The parts of model_of(), by their subject.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/expr/expr.h"
#include "emit/header/model.h"
#include "emit/tuning/tuning.h"

namespace tw {

// Spells the expressions of the specs as C++ of a header: a dim is "problem.m", a knob is
// "knob.block_m", a limit is "device.sms".
class Speller {
 public:
  // For expressions of the op.
  explicit Speller(const OpSpec& op) : op_(op), names_(op.names) {}
  // For expressions of a kernel of the op.
  Speller(const OpSpec& op, const KernelSpec& kernel)
      : op_(op),
        names_(kernel.names),
        first_knob_(kernel.first_knob),
        has_macros_(kernel.knobs_are_macros) {}

  // Throws Error if the expression reads a name that has no meaning in a header.
  std::string operator()(const Expr& expr) const;
  // Does the same, but reads the dims and choices from the arguments of the call: "args.layout".
  std::string over_arguments(const Expr& expr) const;
  // Returns the check that a constraint makes.
  header::Check check(const Constraint& constraint) const;

 private:
  std::string spelled(int slot) const;

  const OpSpec& op_;
  const Names& names_;
  int first_knob_ = -1;  // slot; -1: there are no knobs
  bool has_macros_ = false;
};

// Returns the name of a knob in a header. That of a macro differs from the macro, which the user's
// program may define, too.
std::string name_of_knob(const std::string& knob, bool is_macro);

// The parts for <op>.h: the choices and the types of arguments. A form gets its properties in
// <op>.cuh too, without its branches.
header::Choice choice_model(const ChoiceSpec& choice);
header::Form form_model(const Tuning& tuning, const Form& form);
// The parts for the checks of a call's arguments.
header::Dim dim_model(const OpSpec& op, const DimSpec& dim);
header::Tensor tensor_model(const OpSpec& op, const TensorSpec& tensor);
// The part for a kernel. The dims that the code of a given kernel contains follow its knobs.
header::Kernel kernel_model(const Catalog& catalog, const KernelSpec& kernel);
// Returns the C++ expression for the bytes of an element of the tensor: "problem.sizeof_t", or a
// choice by the dtype of the problem.
std::string bytes_of_element(const TensorSpec& tensor);

}  // namespace tw
