// The vocabulary of epilogue chains, and chains as a user writes them:
// "bias_column,clamp(0,6),scale(2)". The last word may be a row reduction, "bias_column,logsumexp".
// The device side of each word is a struct of the same name in kernels/common/epilogue_steps.cuh,
// of a reduction in epilogue_reductions.cuh.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

struct EpilogueWord {
  std::string_view name;                     // "clamp"
  std::string_view cpp_type;                 // "Clamp"
  std::vector<std::string_view> parameters;  // run-time scalars: "lo", "hi"
  std::vector<float> typical;                // one a parameter, for examples
  bool takes_tensor = false;  // of as many elements as the op's [epilogue] extents say
  std::string_view doc;
  bool reduces = false;  // of each row one value is left
  bool hides = false;    // many inputs have one result, so that a wrong input may not show
};
std::span<const EpilogueWord> epilogue_words();
// The source of the device side, which a program with a chain includes. That of the reductions
// comes with the kernels that have them.
inline constexpr std::string_view epilogue_source = "common/epilogue_steps.cuh";

struct EpilogueStep {
  const EpilogueWord* word = nullptr;
  std::vector<float> arguments;
};

// An epilogue chain. Run-time arguments reach the kernel as struct { const void* tensor[max(1,
// tensors)]; float scalar[max(1, scalars)]; }, in the chain's order.
struct Epilogue {
  std::vector<EpilogueStep> steps;

  static Epilogue parse(std::string_view text);  // Throws Error. Empty text: the empty chain.
  // Of a text without arguments, as structure() makes it; the arguments become the typical ones.
  static Epilogue from_structure(std::string_view text);
  std::string text() const;       // canonical; parses back to the same chain
  std::string structure() const;  // text without the arguments: "bias_column,clamp,scale"
  // "tw::epilogue::Chain<tw::epilogue::BiasColumn, ...>", or with a reduction
  // "tw::epilogue::Reduced<tw::epilogue::Chain<...>, tw::epilogue::Max>".
  std::string cpp_type() const;
  bool reduced() const;  // the last step is a reduction
  bool hides() const;    // a step does by its word or by its constants
};

}  // namespace tw
