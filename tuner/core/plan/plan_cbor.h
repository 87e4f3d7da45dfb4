// The CBOR of plans and their parts, for the messages to workers. The functions that read throw
// Error on anything malformed.
#pragma once
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/plan/parts.h"
#include "core/plan/plan.h"

namespace tw {

nlohmann::json to_json(const PlanArg& arg);
// `tensors` and `workspaces` are the numbers of them in the plan.
PlanArg arg_from(const nlohmann::json& object, std::size_t tensors, std::size_t workspaces);

// The sources of a program, what a problem needs, and the sources of its oracle are parts.
nlohmann::json to_json(const Program& program, PartsSent& parts);
Program program_from(const nlohmann::json& object, const PartsReceived& parts);
nlohmann::json to_json(const Plan& plan, PartsSent& parts);
Plan plan_from(const nlohmann::json& object, PartsReceived& parts);

// Returns the bytes by which a problem's plan travels. They depend on everything in the plan.
std::string encoded(const ProblemPlan& plan, PartsSent& parts);

}  // namespace tw
