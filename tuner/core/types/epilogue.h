// The vocabulary of epilogue chains, and chains as a user writes them:
// "bias_column,clamp(0,6),scale(2)". The last word may be a row reduction: "bias_column,logsumexp".
// On the device, each step is a struct of the same name in kernels/common/epilogue_steps.cuh, and
// each reduction one in epilogue_reductions.cuh.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// A word of the vocabulary: a step or a reduction.
struct EpilogueWord {
  std::string_view name;                     // "clamp"
  std::string_view cpp_type;                 // "Clamp"
  std::vector<std::string_view> parameters;  // run-time scalars: "lo", "hi"
  std::vector<float> typical;                // one for each parameter, for examples
  bool takes_tensor = false;                 // its elements: see the op's [epilogue] extents
  std::string_view doc;
  bool reduces = false;  // leaves one value of each row
  bool hides = false;    // many inputs give the same result, so a wrong input may not show
};
std::span<const EpilogueWord> epilogue_words();
// The source of the steps on the device, which a program with a chain includes. The kernels that
// have reductions include the source of the reductions themselves.
inline constexpr std::string_view epilogue_source = "common/epilogue_steps.cuh";

// A step of a chain with its arguments.
struct EpilogueStep {
  const EpilogueWord* word = nullptr;
  std::vector<float> arguments;
};

// An epilogue chain. Its run-time arguments reach the kernel as struct { const void* tensor[max(1,
// tensors)]; float scalar[max(1, scalars)]; }, in the chain's order.
struct Epilogue {
  std::vector<EpilogueStep> steps;

  static Epilogue parse(std::string_view text);  // Throws Error. Empty text: the empty chain.
  // Parses a text without arguments, as structure() writes it. The arguments get typical values.
  static Epilogue from_structure(std::string_view text);
  std::string text() const;       // canonical; parse() returns the same chain
  std::string structure() const;  // text without the arguments: "bias_column,clamp,scale"
  // Returns "tw::epilogue::Chain<tw::epilogue::BiasColumn, ...>", or with a reduction
  // "tw::epilogue::Reduced<tw::epilogue::Chain<...>, tw::epilogue::Max>".
  std::string cpp_type() const;
  bool reduced() const;  // the last step is a reduction
  bool hides() const;    // whether a step hides, by its word or by its constants
};

}  // namespace tw
