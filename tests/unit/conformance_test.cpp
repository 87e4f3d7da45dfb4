// Every kernel of every built-in op must compute what the op's reference does: over a sample of
// configurations in which every value of every knob occurs, on the op's edge shapes, for all
// choices (layouts), with and without an epilogue. New kernels and ops are found by themselves.
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <map>
#include <memory>
#include <numeric>
#include <ostream>

#include "conformance_sample.h"
#include "execute.h"
#include "module.h"
#include "plan.h"

namespace tw::conformance {
namespace {

constexpr std::size_t programs_a_module = 16;

const Catalog& catalog() {
  static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
  return loaded;
}

// Every configuration of the sample on every edge problem, instead of a draw: takes an hour.
bool everything() { return std::getenv("TW_CONFORMANCE_FULL") != nullptr; }

struct Case {
  std::string name;
  Plan plan;
  std::size_t program = 0, reference = 0;  // into Programs
};

// The different programs of many plans, compiled a batch at a time.
class Programs {
 public:
  std::size_t add(const Program& program) {
    const auto [at, is_new] = index_.emplace(program_key(program), programs_.size());
    if (is_new) programs_.push_back(program);
    return at->second;
  }
  // Returns the compiler's complaint.
  std::string compile() {
    for (std::size_t begin = 0; begin < programs_.size(); begin += programs_a_module) {
      const std::size_t end = std::min(begin + programs_a_module, programs_.size());
      const cpu::Compiled compiled =
          cpu::compile_module(std::span(programs_).subspan(begin, end - begin));
      if (compiled.path.empty()) return compiled.error;
      modules_.push_back(std::make_unique<cpu::LoadedModule>(compiled.path));
      int first_entry = 0;
      for (std::size_t i = begin; i < end; ++i) {
        loaded_.push_back({&modules_.back()->module(), first_entry});
        first_entry += static_cast<int>(programs_[i].entries.size());
      }
    }
    return "";
  }
  cpu::LoadedProgram operator[](std::size_t index) const { return loaded_[index]; }

 private:
  static std::string program_key(const Program& program) {
    std::string key = program.text;
    for (const std::string& entry : program.entries) key += "\n" + entry;
    return key;
  }
  std::map<std::string, std::size_t> index_;
  std::vector<Program> programs_;
  std::vector<std::unique_ptr<cpu::LoadedModule>> modules_;
  std::vector<cpu::LoadedProgram> loaded_;
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

class ConformanceTest : public testing::TestWithParam<Parameter> {
 protected:
  const OpEntry& entry() const { return catalog().at(GetParam().op); }
  const KernelSpec& kernel() const {
    const auto& kernels = entry().kernels;
    return *std::find_if(kernels.begin(), kernels.end(),
                         [](const KernelSpec& k) { return k.name == GetParam().kernel; });
  }

  // A target on which the configuration serves the problem, or null.
  const DeviceInfo* device_for(const Problem& problem, const Configuration& configuration) const {
    for (const DeviceInfo& device : devices()) {
      const auto slots = slots_of(entry().op, kernel().names, problem, device);
      if (serves(kernel(), slots, configuration)) return &device;
    }
    return nullptr;
  }

  // Configuration i runs with half of the choices that it serves. `problems`: of each choice.
  bool has_turn(std::size_t i, const Configuration& configuration, std::size_t choice,
                const std::vector<std::vector<Problem>>& problems) const {
    std::size_t served = 0, place = 0;
    for (std::size_t each = 0; each < problems.size(); ++each) {
      if (each == choice) place = served;
      served += std::any_of(problems[each].begin(), problems[each].end(), [&](const Problem& p) {
        return device_for(p, configuration) != nullptr;
      });
    }
    return served == 0 || (place + i) % served < std::max<std::size_t>(1, served / 2);
  }

  // Every other shape with the configuration's chain, the rest without one; all problems with both
  // if everything is asked.
  void add_cases(const std::vector<Configuration>& sample) {
    const OpSpec& op = entry().op;
    const std::vector<Epilogue> chains = epilogues_of(op, kernel());
    const std::vector<std::string> choices = choice_texts(op);
    const auto choice = static_cast<std::size_t>(
        std::find(choices.begin(), choices.end(), GetParam().choices) - choices.begin());
    std::vector<std::vector<Problem>> all;
    for (const std::string& each : choices) all.push_back(edge_problems(op, each));
    const std::vector<Problem>& problems = all[choice];
    for (std::size_t i = 0; i < sample.size(); ++i) {
      const auto serving = [&](const Problem& problem) {
        return device_for(problem, sample[i]) != nullptr;
      };
      std::vector<std::size_t> chosen(problems.size());
      std::iota(chosen.begin(), chosen.end(), std::size_t{0});
      if (!everything()) {
        if (!has_turn(i, sample[i], choice, all)) continue;
        chosen = drawn(op, problems, sample_seed + 64 * i + choice, serving);
      }
      for (std::size_t nth = 0; nth < chosen.size(); ++nth) {
        const Problem& problem = problems[chosen[nth]];
        const DeviceInfo* device = device_for(problem, sample[i]);
        if (!device) continue;
        const auto chained = with_chain(op, problem, chain_of(chains, i, choice));
        if (everything() || nth % 2 == 0 || !chained) add_case(problem, *device, sample[i]);
        if (chained && (everything() || nth % 2 == 1)) add_case(*chained, *device, sample[i]);
      }
    }
  }

  void add_case(const Problem& problem, const DeviceInfo& device,
                const Configuration& configuration) {
    const OpSpec& op = entry().op;
    LoweredPlan lowered = lower(catalog(), kernel(), problem, device, configuration);
    const std::string name = problem.key(op) + ": " + text_of(kernel().knobs, configuration);
    ASSERT_EQ(lowered.invalid, "") << name;
    ASSERT_TRUE(lowered.plan.has_reference) << "conformance needs a reference: " << name;
    Case added{name, std::move(lowered.plan)};
    added.program = programs_.add(added.plan.program);
    added.reference = programs_.add(added.plan.reference);
    added.plan.program.headers.clear();
    added.plan.reference.headers.clear();
    cases_.push_back(std::move(added));
  }

  std::vector<Case> cases_;
  Programs programs_;
};

TEST_P(ConformanceTest, AgreesWithTheReference) {
  add_cases(sample_of(entry().op, kernel()));
  if (cases_.empty()) GTEST_SKIP() << "the kernel serves no edge shape with these choices";
  ASSERT_EQ(programs_.compile(), "");
  // Cases of one problem follow one another, so that its oracle is asked once.
  std::stable_sort(cases_.begin(), cases_.end(),
                   [](const Case& a, const Case& b) { return a.reference < b.reference; });
  cpu::Scheduler scheduler;
  std::map<std::string, cpu::Oracle> oracles;
  cpu::ExecuteOptions options;
  options.time = false;
  for (const Case& each : cases_) {
    cpu::Oracle& oracle = oracles[each.name.substr(0, each.name.find(':'))];
    const Measurement measurement = cpu::execute(
        each.plan, programs_[each.program], programs_[each.reference], scheduler, oracle, options);
    EXPECT_EQ(measurement.outcome, Outcome::ok) << each.name << "\n  " << measurement.note;
  }
}

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

}  // namespace
}  // namespace tw::conformance
