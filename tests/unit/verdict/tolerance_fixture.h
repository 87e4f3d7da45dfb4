// Problems with the expected values of their oracles. The tests compute right and faulty results in
// plain fp32 loops, and judge them like a kernel's results.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/plan.h"
#include "devices/cpu/compile/module.h"
#include "devices/cpu/memory.h"
#include "devices/cpu/oracle.h"
#include "devices/cpu/values.h"
#include "devices/cpu/verify.h"
#include "unit/support/parameter_of.h"

namespace tw::tolerances {

// The way in which a result is computed.
enum class Way {
  sequential,  // right
  pairwise,
  lanes,         // 32 chains, then added pairwise
  three_passes,  // products of the two TF32 parts of the operands
  last_dropped,  // faulty
  swapped,
  tile_skipped,
  f16_sum,
  one_tf32_pass,
  truncated,  // not rounded to nearest when stored
};
inline const std::vector<Way> right_ways{Way::sequential, Way::pairwise, Way::lanes};
inline const std::vector<Way> faults{Way::last_dropped, Way::swapped, Way::tile_skipped,
                                     Way::f16_sum, Way::truncated};
inline std::string name_of(Way way) {
  static const std::vector<std::string> names{
      "sequential", "pairwise",     "lanes",   "three_passes",  "last_dropped",
      "swapped",    "tile_skipped", "f16_sum", "one_tf32_pass", "truncated"};
  return names[static_cast<std::size_t>(way)];
}

// Returns the nearest number with 11 bits: TF32, or f16 where it is normal.
inline float rounded_to_11_bits(float x) {
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) + 0x1000u) & ~0x1fffu);
}

// A term of a sum is a product of two factors.
struct Term {
  float a, b;
};

inline float sum_pairwise(const Term* terms, std::size_t count) {
  if (count == 0) return 0;
  if (count == 1) return terms->a * terms->b;
  return sum_pairwise(terms, count / 2) + sum_pairwise(terms + count / 2, count - count / 2);
}
inline float sum_sequential(const std::vector<Term>& terms) {
  float sum = 0;
  for (const Term& term : terms) sum = std::fma(term.a, term.b, sum);
  return sum;
}
inline float sum_of_lanes(const std::vector<Term>& terms) {
  std::vector<Term> lanes(32, Term{0, 1});
  for (std::size_t i = 0; i < terms.size(); ++i) {
    lanes[i % 32].a = std::fma(terms[i].a, terms[i].b, lanes[i % 32].a);
  }
  return sum_pairwise(lanes.data(), lanes.size());
}
inline float sum_of_passes(const std::vector<Term>& terms) {
  float sum = 0;
  for (const Term& term : terms) {
    const float a = rounded_to_11_bits(term.a), b = rounded_to_11_bits(term.b);
    sum = std::fma(rounded_to_11_bits(term.a - a), b, sum);
    sum = std::fma(a, rounded_to_11_bits(term.b - b), sum);
    sum = std::fma(a, b, sum);
  }
  return sum;
}
inline float sum_in_f16(const std::vector<Term>& terms) {
  float sum = 0;
  for (const Term& term : terms) sum = rounded_to_11_bits(std::fma(term.a, term.b, sum));
  return sum;
}

// Returns the sum, computed in a way. `swapped` exchanges two of the factors.
inline float sum_of(Way way, std::vector<Term> terms) {
  const auto middle = terms.begin() + static_cast<std::ptrdiff_t>(terms.size() / 2);
  if (way == Way::pairwise) return sum_pairwise(terms.data(), terms.size());
  if (way == Way::lanes) return sum_of_lanes(terms);
  if (way == Way::three_passes) return sum_of_passes(terms);
  if (way == Way::f16_sum) return sum_in_f16(terms);
  if (way == Way::last_dropped) terms.pop_back();
  if (way == Way::swapped) std::swap(terms[0].a, terms[1].a);
  if (way == Way::tile_skipped) terms.erase(middle, middle + 16);
  if (way == Way::one_tf32_pass) {
    for (Term& term : terms) term = {rounded_to_11_bits(term.a), rounded_to_11_bits(term.b)};
  }
  return sum_sequential(terms);
}

// A problem and its oracle's expected values on both sets of inputs.
class Given {
 public:
  explicit Given(const Problem& problem) : problem_(problem) {
    plan_.problem = lower_problem(catalog(), problem, emulated_device(90));
  }

  static const Catalog& catalog() {
    static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
    return loaded;
  }

  void ask(cpu::LoadedProgram oracle) {
    cpu::Scheduler scheduler;
    for (const cpu::Inputs inputs : {cpu::Inputs::first, cpu::Inputs::second}) {
      cpu::Oracles oracles;
      expected_.push_back(oracles.ask(plan_.problem, oracle, scheduler, 1, inputs));
      memories_.push_back(std::make_unique<cpu::PlanMemory>(plan_, 1, inputs));
      inputs_.emplace_back();
      for (std::size_t i = 0; i + 1 < plan_.problem->tensors.size(); ++i) {
        const std::byte* const data = memories_.back()->tensor(i);
        inputs_.back().push_back(decoded(data, plan_.problem->tensors[i].layout.elements));
      }
    }
  }

  const Problem& problem() const { return problem_; }
  const Plan& plan() const { return plan_; }
  // Returns an input with the first set of values (0) or the second (1).
  const std::vector<float>& input(int set, std::size_t tensor) const {
    return inputs_[at_(set)][tensor];
  }
  // Returns one of the chain's tensors.
  std::vector<float> epilogue_input(int set, std::size_t tensor) const {
    const PlanLaunch& launch = plan_.problem->oracle.launches[0];
    std::vector<cpu::Guarded> unused;
    for (std::size_t i = 0; i < plan_.problem->tensors.size(); ++i) unused.emplace_back(0, 8);
    cpu::PlanMemory::KernelArguments arguments(*memories_[at_(set)], launch, unused, unused);
    for (std::size_t i = 0; i < launch.args.size(); ++i) {
      if (launch.args[i].kind != ArgSpec::Kind::epilogue) continue;
      const std::byte* data = nullptr;
      const auto* from =
          static_cast<const std::byte*>(arguments.pointers()[parameter_of(launch.args, i)]);
      std::memcpy(&data, from + tensor * sizeof data, sizeof data);
      return decoded(data, plan_.problem->epilogue_extents[tensor]);
    }
    throw Error("the oracle takes no epilogue");
  }

  // Judges an output whose elements are dense. `truncated` stores them without rounding to nearest.
  cpu::Verdict judge(int set, const std::vector<float>& values, bool truncated = false) const {
    const std::size_t output = plan_.problem->tensors.size() - 1;
    const PlanTensor& tensor = plan_.problem->tensors[output];
    const auto size = static_cast<std::size_t>(size_of(tensor.dtype));
    std::vector<std::byte> bytes(values.size() * size);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      cpu::write_element(tensor.dtype, bytes.data(), at, static_cast<double>(values[i]));
      const double stored = cpu::read_element(tensor.dtype, bytes.data(), at);
      if (!truncated || !(std::fabs(stored) > std::fabs(static_cast<double>(values[i])))) continue;
      std::uint64_t bits = cpu::element_bits(tensor.dtype, bytes.data(), at) - 1;
      std::memcpy(bytes.data() + i * size, &bits, size);
    }
    EXPECT_EQ(values.size(), static_cast<std::size_t>(tensor.layout.elements));
    const cpu::Expected& expected = expected_[at_(set)];
    return cpu::judge(*plan_.problem, tensor, bytes.data(),
                      memories_[at_(set)]->tensor_before(output), expected.values[output],
                      expected.magnitudes[output]);
  }

 private:
  std::vector<float> decoded(const std::byte* data, std::int64_t count) const {
    std::vector<float> values;
    for (std::int64_t i = 0; i < count; ++i) {
      values.push_back(static_cast<float>(cpu::read_element(problem_.dtype, data, i)));
    }
    return values;
  }
  static std::size_t at_(int set) { return static_cast<std::size_t>(set); }

  Problem problem_;
  Plan plan_;
  std::vector<cpu::Expected> expected_;
  std::vector<std::unique_ptr<cpu::PlanMemory>> memories_;
  std::vector<std::vector<std::vector<float>>> inputs_;  // by set and tensor
};

// The problems of an op, each with its oracle's results; the oracles are compiled together.
class Problems {
 public:
  Problems(const std::string& op, const std::vector<ProblemText>& texts) {
    const OpSpec& spec = Given::catalog().at(op).op;
    std::vector<Program> programs;
    std::map<std::string, int> places;
    std::vector<std::string> keys;
    int entries = 0;
    for (const ProblemText& text : texts) {
      given_.push_back(std::make_unique<Given>(parse_problem(spec, text)));
      const Program& program = given_.back()->plan().problem->oracle.program;
      keys.push_back(program.text + program.entries.at(0));
      if (!places.emplace(keys.back(), entries).second) continue;
      programs.push_back(program);
      entries += static_cast<int>(program.entries.size());
    }
    const cpu::Compiled compiled = cpu::compile_module(programs);
    if (compiled.path.empty()) throw Error(compiled.error);
    module_ = std::make_unique<cpu::LoadedModule>(compiled.path);
    for (std::size_t i = 0; i < given_.size(); ++i) {
      given_[i]->ask({&module_->module(), places.at(keys[i])});
    }
  }
  const Given& operator[](std::size_t i) const { return *given_[i]; }
  std::size_t size() const { return given_.size(); }

 private:
  std::vector<std::unique_ptr<Given>> given_;
  std::unique_ptr<cpu::LoadedModule> module_;
};

}  // namespace tw::tolerances
