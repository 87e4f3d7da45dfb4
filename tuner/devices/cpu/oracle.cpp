#include "devices/cpu/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/plan/plan_cbor.h"
#include "devices/comparison.h"
#include "devices/cpu/values.h"

namespace tw::cpu {
namespace {

// Returns a key of everything that the oracle's values depend on.
std::string key_of(const ProblemPlan& plan, std::uint64_t seed, Inputs inputs) {
  PartsSent parts;
  return fmt::format("{} {} ", seed, static_cast<int>(inputs)) + encoded(plan, parts);
}

std::vector<double> copy_of(const Guarded& from) {
  std::vector<double> to(from.size() / sizeof(double));
  if (!to.empty()) std::memcpy(to.data(), from.data(), from.size());
  return to;
}

class Asking {
 public:
  Asking(const std::shared_ptr<const ProblemPlan>& problem, LoadedProgram program,
         Scheduler& scheduler, std::uint64_t seed, Inputs inputs)
      : problem_(*problem),
        own_(plan_of_oracle(problem)),
        program_(program),
        scheduler_(scheduler),
        seed_(seed),
        memory_(own_, seed, inputs) {
    for (const PlanTensor& tensor : problem_.tensors) {
      const bool is_output = tensor.role != Role::in;
      const auto bytes =
          is_output ? static_cast<std::size_t>(tensor.layout.elements) * sizeof(double) : 0;
      expected_.emplace_back(bytes, alignof(double));
      // Any other poison may be a 64-bit value.
      if (is_integer(tensor.dtype)) expected_.back().fill(verify::kPoison);
      magnitude_.emplace_back(bytes, alignof(double));
    }
  }

  Expected run() {
    memory_.zero_workspaces(WorkspaceSpec::Init::zero_each);
    if (problem_.oracle.has_program()) {
      const std::string misfit = memory_.constant_mismatch(*program_.module);
      if (!misfit.empty()) throw Error("the oracle cannot run: " + misfit);
      memory_.copy_constants(*program_.module);
    } else {
      copy_expected();
    }
    for (const PlanLaunch& one : own_.launches) {
      const std::string fault = launch(one);
      if (fault.empty()) continue;
      throw Error(problem_.oracle.kind == OraclePlan::Kind::configuration
                      ? "the configuration that is the oracle fails: " + fault
                      : "the op's reference fails: " + fault);
    }
    if (problem_.oracle.gives_results()) return results_of(problem_, memory_);
    Expected result;
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      result.values.push_back(copy_of(expected_[i]));
      result.magnitudes.push_back(copy_of(magnitude_[i]));
    }
    return result;
  }

 private:
  // Copies the results that the op gives into the outputs.
  void copy_expected() {
    for (std::size_t i = 0; i < problem_.tensors.size(); ++i) {
      const PlanTensor& tensor = problem_.tensors[i];
      if (!tensor.expected) continue;
      const std::vector<std::byte> stored = given_values(tensor, *tensor.expected);
      std::copy(stored.begin(), stored.end(), memory_.tensor(i));
    }
  }

  std::string launch(const PlanLaunch& one) {
    PlanMemory::KernelArguments arguments(memory_, one, expected_, magnitude_);
    const tw_cpu::EntryPoint& entry = program_.entry(one);
    const std::string mismatch = arguments.mismatch(entry.arg_count, entry.arg_bytes);
    if (!mismatch.empty()) return mismatch;
    return scheduler_.run(*program_.module, program_.first_entry + one.entry,
                          {one.grid, one.block, one.smem_bytes}, arguments.pointers(),
                          {seed_, Lanes::forwards});
  }

  const ProblemPlan& problem_;
  const Plan own_;
  LoadedProgram program_;
  Scheduler& scheduler_;
  std::uint64_t seed_;
  PlanMemory memory_;
  std::vector<Guarded> expected_, magnitude_;
};

}  // namespace

const Expected& Oracles::ask(const std::shared_ptr<const ProblemPlan>& problem,
                             LoadedProgram program, Scheduler& scheduler, std::uint64_t seed,
                             Inputs inputs) {
  std::string key = key_of(*problem, seed, inputs);
  const auto found =
      std::find_if(known_.begin(), known_.end(), [&](const Known& one) { return one.key == key; });
  if (found != known_.end()) return found->expected;
  if (known_.size() == most) known_.pop_front();
  Expected expected = Asking(problem, program, scheduler, seed, inputs).run();
  return known_.emplace_back(Known{std::move(key), std::move(expected)}).expected;
}

Expected results_of(const ProblemPlan& plan, const PlanMemory& memory) {
  Expected result;
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    const PlanTensor& tensor = plan.tensors[i];
    std::vector<double> values;
    if (tensor.role != Role::in) values.resize(static_cast<std::size_t>(tensor.layout.elements));
    double largest = 0;
    for (std::size_t j = 0; j < values.size(); ++j) {
      const auto at = static_cast<std::int64_t>(j);
      const std::uint64_t bits = element_bits(tensor.dtype, memory.tensor(i), at);
      const bool is_untouched =
          is_integer(tensor.dtype)
              ? !tensor.is_restored() &&
                    bits == element_bits(tensor.dtype, memory.tensor_before(i), at)
              : verify::is_poison(bits, static_cast<int>(tensor.dtype));
      if (is_untouched) {
        values[j] = verify::unwritten();
        continue;
      }
      values[j] = expected_from(tensor.dtype, bits);
      if (!is_integer(tensor.dtype) && std::isfinite(values[j]))
        largest = std::max(largest, std::fabs(values[j]));
    }
    result.magnitudes.emplace_back(values.size(), largest);
    result.values.push_back(std::move(values));
  }
  return result;
}

}  // namespace tw::cpu
