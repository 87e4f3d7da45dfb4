// Names of kernels as a source and a spec write them: "scale", "shop::ops::scale<float, 2>".
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tw {

// Whether `name` is identifiers joined by "::".
bool is_qualified_name(std::string_view name);
// Whether `name` is a qualified name, or one with template arguments.
bool is_kernel_name(std::string_view name);
// The function's own name: "scale" of "shop::ops::scale<float, 2>".
std::string function_of(std::string_view name);
// An identifier made of the whole name: "shop_ops_scale_float_2".
std::string identifier_of(std::string_view name);

// The remedy for a name that means several kernels; the compilers say that it does.
inline constexpr std::string_view ambiguous_name_remedy =
    "give the kernel that is meant a name of its own, or name one instance of a template, as in "
    "scale<float, 2>";

// Compares the parameters that a compiled kernel takes with what it is passed, in bytes each.
// Returns what is wrong; empty if they agree.
std::string parameter_mismatch(std::span<const std::size_t> taken,
                               std::span<const std::size_t> passed);

}  // namespace tw
