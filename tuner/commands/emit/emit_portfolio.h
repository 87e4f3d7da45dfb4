// The options --kernels, --max-regret and --max-bytes of `tune emit`.
#pragma once
#include "core/plan/gpu_code.h"
#include "emit/portfolio/measured.h"
#include "emit/portfolio/portfolio.h"
#include "emit/tuning/request.h"
#include "options/options.h"

namespace tw {

// Returns by how much a slowdown exceeds 1: "3.1 %".
std::string loss_text(double slowdown);
// Returns the flags for CommandSpec::flags.
std::vector<Flag> portfolio_flags();
// Returns whether the options ask for a portfolio.
bool asks_portfolio(const Arguments& arguments);
// Adds what the database knows of the times of other configurations on the winners' problems, or of
// the values of the request's objective, and the rates of their device: by these a header chooses
// for problems that were not tuned.
void add_slowdowns(const Store& store, EmitRequest& request);
// Replaces the request's winners by the members that the portfolio chose for their problems. The
// times are those of the request's winners.
void take_members(const MeasuredTimes& times, const Portfolio& portfolio, EmitRequest& request);
// Replaces winners of the request by other measured configurations, so that fewer configurations
// serve all problems. Returns the line for the user. Throws Error if so few cannot serve all.
// `compile` tells the sizes of code, for --max-bytes.
std::string take_portfolio(const Arguments& arguments, const std::string& database,
                           const CompileForGpus& compile, EmitRequest& request);

}  // namespace tw
