// The C++ text by which a kernel gets its choices, its knobs and the types of its tensors. Emitted
// headers get the same text, so that the shipped variant is the measured one.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "core/problem/problem.h"
#include "core/spec/spec.h"

namespace tw {

inline constexpr const char* types_name = "t0";  // of a program's types_text

// Returns the type parameter of the kernels for problems of this dtype: the C++ type of all
// tensors, "float", or, if a tensor of the op has a dtype of its own, `types`, the name of the
// struct that types_text defines.
std::string type_parameter(const OpSpec& op, DType problem, const std::string& types);
// Returns "struct t0 { using T = float; using x_t = unsigned char; using y_t = int; };" with the
// type of each tensor and T, the problem's dtype. Returns nothing if no tensor has a dtype of its
// own. `root` replaces the namespace tw.
std::string types_text(const OpSpec& op, DType problem, const std::string& name,
                       const std::string& root = "tw");

// Returns "static constexpr tw::gemm::Choices choices{tw::gemm::Layout::nt};"; empty if the op has
// no choices. `root` replaces the namespace tw.
std::string choices_text(const OpSpec& op, const Problem& problem, const std::string& root);

// Returns the C++ text of a variant: "struct v0 { static constexpr ... choices{...}; static
// constexpr ... knobs{...}; };" `root` replaces the namespace tw.
std::string variant_text(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                         std::span<const std::int64_t> configuration, const std::string& name,
                         const std::string& root = "tw");
// Returns the namespace of a kernel's Knobs: "tw::gemm::simt" for "gemm/simt.cuh". It is derived
// from the entry of the first launch.
std::string namespace_of(const KernelSpec& kernel);

}  // namespace tw
