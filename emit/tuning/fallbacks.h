// Chooses the configurations that an emitted header keeps for untuned problems.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "emit/tuning/tuning.h"

namespace tw {

// Both functions return branches of `form`, in the order in which they are tried. They look at
// calls with aligned and merely natural pointers, on the tuned device and on smaller ones: at the
// op's edge shapes and a round one. completion_of() draws further shapes.

// Returns the default configuration of each kernel, for every value of the choices, and the fewest
// further ones that are needed to serve every case that the kernel can serve.
std::vector<Branch> fallbacks_of(const Tuning& tuning, int form);
// Returns the fewest branches that serve every case that the winners do not serve, for the choices
// of the form's winners. Some kernel must be able to serve the case.
std::vector<Branch> completion_of(const Tuning& tuning, int form);

// Returns every combination of the choices' values; if these are too many, only those of the
// winners.
std::vector<std::vector<std::int64_t>> combinations_of(const Tuning& tuning);
// Returns the op's edge shapes.
std::vector<ShapeValues> edge_shapes_of(const OpSpec& op);
// Returns the problem of a shape with these choices. Returns nothing if the shape has other choices
// or if the op refuses it.
std::optional<Problem> problem_of(const Tuning& tuning, const Form& form, ShapeValues shape,
                                  const std::vector<std::int64_t>& choices, int align);

}  // namespace tw
