// Compares every kernel of every built-in op with the op's reference: a sample of configurations in
// which every value of every knob occurs, on the op's edge shapes, for all choices (layouts), with
// and without an epilogue. The tests find new kernels and ops automatically.
#include <gtest/gtest.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <numeric>
#include <ostream>

#include "core/lowering/lowering.h"
#include "core/plan/plan.h"
#include "devices/comparison.h"
#include "devices/cpu/execute.h"
#include "unit/conformance/programs.h"
#include "unit/conformance/sample.h"
#include "unit/support/own_problem.h"

namespace tw::conformance {
namespace {

const Catalog& catalog() {
  static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
  return loaded;
}

// TW_CONFORMANCE_FULL=3/16 runs every 16th configuration of the sample, from the 3rd on (counted
// from 0 to 15), on every edge problem instead of a draw of problems. The whole takes 40 minutes of
// one core.
struct Part {
  std::size_t number = 0, count = 0;  // count 0: a draw of problems
};
Part part() {
  Part part;
  const char* text = std::getenv("TW_CONFORMANCE_FULL");
  if (!text) return part;
  if (std::sscanf(text, "%zu/%zu", &part.number, &part.count) != 2 || part.number >= part.count) {
    throw Error(std::string("TW_CONFORMANCE_FULL=") + text + ": write 0/1, or 3/16");
  }
  return part;
}
bool everything() { return part().count > 0; }

struct Case {
  std::string name;
  Plan plan;
  std::size_t program = 0, reference = 0;  // indices into Programs
};

struct Parameter {
  std::string op, kernel, choices;
};
void PrintTo(const Parameter& parameter, std::ostream* out) {
  *out << parameter.op << "/" << parameter.kernel << " " << parameter.choices;
}
std::string name_of_parameter(const testing::TestParamInfo<Parameter>& info) {
  std::string name = info.param.op + "_" + info.param.kernel + "_" + info.param.choices;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}
std::vector<Parameter> parameters() {
  std::vector<Parameter> result;
  for (const OpEntry& entry : catalog().ops()) {
    for (const KernelSpec& kernel : entry.kernels) {
      for (const std::string& choices : choice_texts(entry.op)) {
        result.push_back({entry.op.name, kernel.name, choices});
      }
    }
  }
  return result;
}

// A problem for a configuration, and a target on which the configuration serves it.
struct Asked {
  Problem problem;
  const DeviceInfo* device;
  Configuration configuration;
};

// The problems of a kernel for some of the op's choices.
class Asking {
 public:
  Asking(const OpEntry& entry, const KernelSpec& kernel, const std::string& choices)
      : op_(entry.op),
        kernel_(kernel),
        chains_(epilogues_of(op_)),
        reductions_(reductions_of(op_, kernel)) {
    const std::vector<std::string> all = choice_texts(op_);
    choice_ = static_cast<std::size_t>(std::find(all.begin(), all.end(), choices) - all.begin());
    for (const std::string& each : all) problems_.push_back(edge_problems(op_, each));
  }

  // Returns every other shape with the configuration's chain and the rest without one, and every
  // third shape with a reduction if the kernel has one. A configuration that excludes reductions
  // owes them; the next ones that allow them run on more shapes. For a full run it returns all
  // problems with all of them.
  std::vector<Asked> asked() const {
    std::vector<Asked> result;
    int owed = 0;             // reductions
    std::size_t reduced = 0;  // cases with a reduction
    const std::vector<Configuration> sample = sample_of(op_, kernel_);
    for (std::size_t i = 0; i < sample.size(); ++i) {
      if (everything() && i % part().count != part().number) continue;
      const std::vector<std::size_t> chosen = chosen_for(i, sample[i]);
      for (std::size_t nth = 0; nth < chosen.size(); ++nth) {
        const Problem& problem = problems_[choice_][chosen[nth]];
        const DeviceInfo* device = device_for(problem, sample[i], i + nth);
        if (!device) continue;
        const auto add = [&](const Epilogue& chain) {
          const auto chained = with_chain(op_, problem, chain);
          const bool is_asked = chained && is_served(*chained, *device, sample[i]);
          if (is_asked) result.push_back({*chained, device, sample[i]});
          return is_asked;
        };
        if (everything() || nth % 2 == 0) add({});
        if (everything() || nth % 2 == 1) add(chain_of(chains_, i, choice_));
        if (reductions_.empty()) continue;
        owed += nth % 3 == 0 ? 1 : 0;
        if ((everything() || owed > 0) && add(chain_of(reductions_, reduced, choice_))) {
          --owed;
          ++reduced;
        }
      }
    }
    return result;
  }

 private:
  // Returns a target on which the configuration serves the problem, or null; tries `first` first.
  const DeviceInfo* device_for(const Problem& problem, const Configuration& configuration,
                               std::size_t first = 0) const {
    for (std::size_t i = 0; i < devices().size(); ++i) {
      const DeviceInfo& device = devices()[(first + i) % devices().size()];
      if (is_served(problem, device, configuration)) return &device;
    }
    return nullptr;
  }
  bool is_served(const Problem& problem, const DeviceInfo& device,
                 const Configuration& configuration) const {
    return serves(kernel_, slots_of(op_, kernel_.names, problem, device), configuration);
  }

  // Returns the problems on which configuration i runs.
  std::vector<std::size_t> chosen_for(std::size_t i, const Configuration& configuration) const {
    const std::vector<Problem>& problems = problems_[choice_];
    if (!everything()) {
      if (!has_turn(i, configuration)) return {};
      return drawn(op_, problems, sample_seed + 64 * i + choice_, [&](const Problem& problem) {
        return device_for(problem, configuration) != nullptr;
      });
    }
    std::vector<std::size_t> all(problems.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
  }

  // Returns whether configuration i runs with this choice: it runs with half of the choices that it
  // serves, and with two at most.
  bool has_turn(std::size_t i, const Configuration& configuration) const {
    std::size_t served = 0, place = 0;
    for (std::size_t each = 0; each < problems_.size(); ++each) {
      if (each == choice_) place = served;
      served += std::any_of(problems_[each].begin(), problems_[each].end(), [&](const Problem& p) {
        return device_for(p, configuration) != nullptr;
      });
    }
    return served == 0 || (place + i) % served < std::clamp<std::size_t>(served / 2, 1, 2);
  }

  const OpSpec& op_;
  const KernelSpec& kernel_;
  std::vector<Epilogue> chains_, reductions_;
  std::size_t choice_ = 0;
  std::vector<std::vector<Problem>> problems_;  // for each of the op's choices
};

class ConformanceTest : public testing::TestWithParam<Parameter> {
 protected:
  const OpEntry& entry() const { return catalog().at(GetParam().op); }
  const KernelSpec& kernel() const {
    const auto& kernels = entry().kernels;
    return *std::find_if(kernels.begin(), kernels.end(),
                         [](const KernelSpec& k) { return k.name == GetParam().kernel; });
  }

  void add_case(const Asked& asked) {
    const OpSpec& op = entry().op;
    LoweredPlan lowered =
        lower(catalog(), kernel(), asked.problem, *asked.device, asked.configuration);
    const std::string name =
        asked.problem.key(op) + ": " + text_of(kernel().knobs, asked.configuration);
    ASSERT_EQ(lowered.invalid, "") << name;
    ASSERT_EQ(lowered.plan.problem->oracle.kind, OraclePlan::Kind::reference)
        << "conformance needs a reference: " << name;
    Case added{name, std::move(lowered.plan)};
    added.program = programs_.add(added.plan.program);
    added.reference = programs_.add(added.plan.problem->oracle.program);
    added.plan.program.headers.clear();
    test::own_problem(added.plan).oracle.program.headers.clear();
    cases_.push_back(std::move(added));
  }

  void expect_agreement() {
    ASSERT_EQ(programs_.compile(), "");
    // Cases of one problem follow one another, so that its oracle runs once.
    std::stable_sort(cases_.begin(), cases_.end(),
                     [](const Case& a, const Case& b) { return a.reference < b.reference; });
    cpu::Scheduler scheduler;
    cpu::Oracles oracles;
    cpu::ExecuteOptions options;
    options.time = false;
    for (const Case& each : cases_) {
      const Measurement measurement =
          cpu::execute(each.plan, programs_[each.program], programs_[each.reference], scheduler,
                       oracles, options);
      EXPECT_EQ(measurement.outcome, Outcome::ok) << each.name << "\n  " << measurement.note;
      if (measurement.outcome != Outcome::ok) continue;
      // A tolerance leaves room for orders of addition that no kernel here uses.
      EXPECT_LE(measurement.metrics.at(std::string(tolerance_used)), 0.5) << each.name;
    }
  }

  std::vector<Case> cases_;
  Programs programs_;
};

TEST_P(ConformanceTest, AgreesWithTheReference) {
  for (const Asked& asked : Asking(entry(), kernel(), GetParam().choices).asked()) add_case(asked);
  if (cases_.empty()) GTEST_SKIP() << "the kernel serves no edge shape with these choices";
  expect_agreement();
}

// A grid has at most 65535 rows of blocks; the kernel continues beyond. Running this for each
// configuration of the sample would take too long.
class ManyRowsTest : public ConformanceTest {};
TEST_P(ManyRowsTest, AgreesWithTheReference) {
  const OpSpec& op = entry().op;
  const Problem problem = parse_problem(op, {.shape = "rows=65537,columns=1,ldx=2"});
  const DeviceInfo& device = devices().front();
  const auto space =
      SearchSpace::enumerate(kernel(), slots_of(op, kernel().names, problem, device));
  add_case({problem, &device, space[space.default_index()]});
  expect_agreement();
}
INSTANTIATE_TEST_SUITE_P(Activation, ManyRowsTest,
                         testing::Values(Parameter{"activation", "stream", ""}), name_of_parameter);

INSTANTIATE_TEST_SUITE_P(Builtin, ConformanceTest, testing::ValuesIn(parameters()),
                         name_of_parameter);

TEST(ConformanceSample, HoldsEveryValueOfEveryKnob) {
  int kernels = 0;
  for (const OpEntry& entry : catalog().ops()) {
    for (const KernelSpec& kernel : entry.kernels) {
      ++kernels;
      const std::vector<Configuration> sample = sample_of(entry.op, kernel);
      EXPECT_GE(sample.size(), sample_size) << entry.op.name << "/" << kernel.name;
      std::set<Setting> missing = all_settings(kernel);
      for (const Configuration& configuration : sample) erase_settings(configuration, missing);
      for (const auto& [knob, value] : missing) {
        ADD_FAILURE() << entry.op.name << "/" << kernel.name << ": no edge shape allows "
                      << kernel.knobs[knob].name << "=" << kernel.knobs[knob].text(value)
                      << ": add one to op.toml, or drop the value";
      }
    }
  }
  EXPECT_GT(kernels, 0);
}

TEST(ConformanceSample, HoldsEveryReduction) {
  for (const OpEntry& entry : catalog().ops()) {
    for (const KernelSpec& kernel : entry.kernels) {
      if (!kernel.reduces) continue;
      std::map<std::string, int> cases;
      for (const std::string& choices : choice_texts(entry.op)) {
        for (const Asked& asked : Asking(entry, kernel, choices).asked()) {
          if (!asked.problem.epilogue.reduced()) continue;
          ++cases[std::string(asked.problem.epilogue.steps.back().word->name)];
        }
      }
      for (const std::string& reduction : entry.op.epilogue_reductions) {
        EXPECT_GE(cases[reduction], 8) << entry.op.name << "/" << kernel.name << " " << reduction;
      }
    }
  }
}

}  // namespace
}  // namespace tw::conformance
