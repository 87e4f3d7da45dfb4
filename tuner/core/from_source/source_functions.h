// Finds the kernels of a CUDA source, lightly: no macro is expanded and no name is looked up.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace tw {

struct SourceParameter {
  std::string type;  // "const float* __restrict__"
  std::string name;  // empty if the source has none
};

// A __global__ function of a source.
struct SourceFunction {
  std::string name;  // with its namespaces: "shop::ops::scale"
  bool is_template = false;
  std::vector<std::string> template_parameters;  // their names: "T", "BLOCK"
  std::vector<SourceParameter> parameters;
};

// Returns a type without its qualifiers: "float*" for "const float *__restrict__".
std::string without_qualifiers(std::string_view type);
// Returns the __global__ functions in the order of the source, overloads and declarations included.
std::vector<SourceFunction> kernels_of(std::string_view source);

}  // namespace tw
