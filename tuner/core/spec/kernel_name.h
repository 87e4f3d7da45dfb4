// The names of kernels in a source and in a spec: "scale", "shop::ops::scale<float, 2>". In a spec
// "$BLOCK" among the template arguments stands for the value of the knob BLOCK.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace tw {

// Returns whether `name` is identifiers joined by "::".
bool is_qualified_name(std::string_view name);
// Returns whether `name` is a qualified name, or one with template arguments.
bool is_kernel_name(std::string_view name);
// Returns the name with each "$BLOCK" replaced by what `value_of` returns for "BLOCK".
std::string with_values(std::string_view name,
                        const std::function<std::string(std::string_view)>& value_of);
// Returns the function's own name: "scale" for "shop::ops::scale<float, 2>".
std::string function_of(std::string_view name);
// Returns an identifier made of the whole name: "shop_ops_scale_float_2".
std::string identifier_of(std::string_view name);

// The remedy for a name that matches several kernels. The compilers report such a name.
inline constexpr std::string_view ambiguous_name_remedy =
    "give the kernel that is meant a name of its own, or name one instance of a template, as in "
    "scale<float, 2>";

// Compares the parameters that a compiled kernel takes with the arguments that it gets, by their
// sizes in bytes. Returns what is wrong; empty if they agree.
std::string parameter_mismatch(std::span<const std::size_t> taken,
                               std::span<const std::size_t> passed);

// Returns what is wrong if an input of `input` bytes does not fit in the array of `array` bytes to
// which it is copied; empty if it fits.
std::string constant_mismatch(const std::string& name, std::int64_t input, std::int64_t array);

}  // namespace tw
