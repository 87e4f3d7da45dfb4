// Which configurations an emitted header keeps for what was never tuned.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "emit/model.h"

namespace tw {

// Branches of `form`, in the order in which they are to be tried: of each kernel the default
// configuration, and the fewest further ones with which every case is served that the kernel serves
// at all: the op's edge shapes and a round one, for each value of each choice, with aligned and
// merely natural pointers, on the tuned device and on smaller ones.
std::vector<Branch> fallbacks_of(const EmitModel& model, int form);

// Every combination of the choices' values; those of the winners alone if that is too many.
std::vector<std::vector<std::int64_t>> combinations_of(const EmitModel& model);
// A shape, as --shape takes it, with these choices where it names none; nothing if the op refuses
// it.
std::optional<Problem> problem_of(const EmitModel& model, const Form& form, std::string shape,
                                  const std::vector<std::int64_t>& choices, int align);

}  // namespace tw
