// Tests which results the measuring session calls right, and what it notes about wrong ones.
#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <vector>

#include "core/types/dtype.h"
#include "devices/comparison.h"
#include "unit/gpu/session_fixture.h"

namespace tw::gpu {
namespace {

using testing::Each;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

using Verdict = MeasuringSessionTest;

TEST_F(Verdict, ARightKernelIsOk) {
  runtime_.kernel("twice").attributes = {
      .registers = 40, .local_bytes = 8, .static_smem_bytes = 1024};
  MeasureRequest job = request("twice");
  job.job.plan.launches[0].smem_bytes = 512;
  const Measurement measurement = measure(job);
  EXPECT_EQ(measurement.outcome, Outcome::ok);
  EXPECT_EQ(measurement.note, "");
  EXPECT_EQ(measurement.error_ulps, 0);
  EXPECT_EQ(measurement.registers, 40);
  EXPECT_EQ(measurement.spill_bytes, 8);
  EXPECT_EQ(measurement.smem_bytes, 1536);
  EXPECT_EQ(measurement.blocks_per_sm, 2048 / 32);
  EXPECT_FALSE(lost_);
}

TEST_F(Verdict, AWrongElementIsNamed) {
  add("wrong", [](void** arguments) { twice(arguments)[7] = 3; });
  const Measurement measurement = measure("wrong");
  EXPECT_EQ(measurement.outcome, Outcome::wrong_result);
  EXPECT_THAT(measurement.note, StartsWith("y[7] = 3, expected "));
  EXPECT_THAT(measurement.note, EndsWith("; 1 % of the elements wrong"));
  EXPECT_GT(measurement.error_ulps, 1000);
  EXPECT_TRUE(measurement.samples_ns.empty());
  EXPECT_EQ(runtime_.kernel("wrong").launches, 1) << "it is not timed";
}

TEST_F(Verdict, NumbersArePassedByValue) {
  double number = 0;
  add("scaled", [&](void** arguments) {
    twice(arguments);
    number = *static_cast<double*>(arguments[2]);
  }).parameter_bytes = {8, 8, 8};
  MeasureRequest job = request("scaled");
  PlanArg& passed = job.job.plan.launches[0].args.emplace_back(arg(ArgSpec::Kind::number, 0));
  passed.value = std::bit_cast<std::int64_t>(2.5);
  passed.bytes = 8;
  EXPECT_EQ(measure(job).outcome, Outcome::ok);
  EXPECT_EQ(number, 2.5);
}

TEST_F(Verdict, AnErrorWithinTheToleranceIsRight) {
  add("close", [](void** arguments) { twice(arguments)[7] += 3e-8f; });
  EXPECT_EQ(measure("close").outcome, Outcome::ok);
}

TEST_F(Verdict, AnUnwrittenElementIsNamed) {
  add("lazy", [](void** arguments) {
    float* const y = pointer<float>(arguments, 1);
    const float kept = y[3];
    twice(arguments)[3] = kept;
  });
  const Measurement measurement = measure("lazy");
  EXPECT_EQ(measurement.outcome, Outcome::wrong_result);
  EXPECT_THAT(measurement.note, StartsWith("y[3] was not written, expected "));
}

TEST_F(Verdict, OutputsAreTestedBetweenTheirRowsToo) {
  add("fills_rows", [](void** arguments) {
    for (int i = 0; i < 99; ++i) {
      pointer<float>(arguments, 1)[i] = 2 * pointer<const float>(arguments, 0)[i];
    }
  });
  MeasureRequest job = request("fills_rows");
  test::own_problem(job.job.plan).tensors[1].layout = {{10, 9}, {10, 1}, 99};
  EXPECT_EQ(measure(job).note, "it writes 9 elements between the rows of y");
}

TEST_F(Verdict, AWriteBeforeABufferIsFound) {
  add("before", [](void** arguments) { twice(arguments)[-1] = 1; });
  const Measurement measurement = measure("before");
  EXPECT_EQ(measurement.outcome, Outcome::wrong_result);
  EXPECT_EQ(measurement.note, "it writes outside of y: 4 bytes before it were written");
}

TEST_F(Verdict, AWriteAfterABufferIsFound) {
  add("after", [](void** arguments) { twice(arguments)[elements] = 1; });
  const Measurement measurement = measure("after");
  EXPECT_EQ(measurement.outcome, Outcome::wrong_result);
  EXPECT_EQ(measurement.note, "it writes outside of y: 4 bytes after its end were written");
  EXPECT_EQ(measure("twice").outcome, Outcome::ok) << "the next job gets new buffers";
}

TEST_F(Verdict, AChangedInputIsFound) {
  add("scribbles", [](void** arguments) {
    twice(arguments);
    pointer<float>(arguments, 0)[50] = 7;
  });
  const Measurement measurement = measure("scribbles");
  EXPECT_EQ(measurement.outcome, Outcome::wrong_result);
  EXPECT_EQ(measurement.note, "it writes to its input x");
}

TEST_F(Verdict, AWriteToTheOraclesResultsIsFound) {
  add("reaches_far", [this](void** arguments) {
    twice(arguments);
    expected_[0] = 0;
  });
  EXPECT_EQ(measure("reaches_far").note,
            "it writes far outside of its tensors, to the oracle's results for y");
}

TEST_F(Verdict, TheSecondSetOfInputsShowsWhatTheFirstHides) {
  add("clamps", [](void** arguments) {
    float* const y = twice(arguments);
    for (int i = 0; i < elements; ++i) y[i] = std::clamp(y[i], -2.0f, 2.0f);
  });
  const Measurement measurement = measure("clamps");
  EXPECT_EQ(measurement.outcome, Outcome::wrong_result);
  EXPECT_THAT(measurement.note, EndsWith("(on the second set of inputs)"));
  EXPECT_TRUE(measurement.samples_ns.empty());
}

// y += x: the kernel would see its own results if they were not undone.
TEST_F(Verdict, AnInoutTensorIsRestoredBeforeEachSample) {
  std::multiset<float> seen;
  add("adds", [&](void** arguments) {
    float* const y = pointer<float>(arguments, 1);
    seen.insert(y[0]);
    for (int i = 0; i < elements; ++i) y[i] += pointer<const float>(arguments, 0)[i];
  });
  FakeKernel& reference = add("adds_reference", [](void** arguments) {
    for (int i = 0; i < elements; ++i) {
      pointer<double>(arguments, 2)[i] =
          static_cast<double>(pointer<const float>(arguments, 0)[i]) +
          static_cast<double>(pointer<const float>(arguments, 1)[i]);
      pointer<double>(arguments, 3)[i] = 1;
    }
  });
  reference.parameter_bytes = {8, 8, 8, 8};
  MeasureRequest job = request("adds");
  job.job.purpose = Purpose::race_round;  // launches that take the wall time restore nothing
  ProblemPlan& problem = test::own_problem(job.job.plan);
  problem.tensors[1].role = Role::inout;
  auto& args = problem.oracle.launches[0].args;
  args.insert(args.begin() + 1, arg(ArgSpec::Kind::tensor, 1));
  job.oracle.names = {"adds_reference"};
  const Measurement measurement = measure(job);
  EXPECT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
  EXPECT_GE(seen.size(), 9u);
  EXPECT_EQ(std::set<float>(seen.begin(), seen.end()).size(), 2u) << "one value for each set";
}

class Workspace : public MeasuringSessionTest {
 protected:
  // Returns the word that a kernel finds in its workspace at each launch. It leaves a 1 there.
  std::vector<unsigned> found(WorkspaceSpec::Init init) {
    std::vector<unsigned> words;
    add("uses_workspace", [&](void** arguments) {
      twice(arguments);
      unsigned* const word = pointer<unsigned>(arguments, 2);
      words.push_back(*word);
      *word = 1;
    }).parameter_bytes = {8, 8, 8};
    MeasureRequest job = request("uses_workspace");
    job.job.plan.workspaces = {{4, init}};
    job.job.plan.launches[0].args.push_back(arg(ArgSpec::Kind::workspace, 0));
    EXPECT_EQ(measure(job).outcome, Outcome::ok);
    return words;
  }
};

TEST_F(Workspace, IsZeroedBeforeEachLaunchIfItIsAskedFor) {
  EXPECT_THAT(found(WorkspaceSpec::Init::zero_each), Each(0u));
}

TEST_F(Workspace, IsZeroedOnceIfItIsAskedFor) {
  const std::vector<unsigned> words = found(WorkspaceSpec::Init::zero_once);
  EXPECT_EQ(words.front(), 0u);
  EXPECT_EQ(words.back(), 1u);
}

TEST_F(Workspace, HoldsNoZerosOtherwise) {
  EXPECT_EQ(found(WorkspaceSpec::Init::none).front(), 0xffffffffu);
}

TEST_F(Workspace, IsGuarded) {
  add("overruns", [](void** arguments) {
    twice(arguments);
    pointer<unsigned>(arguments, 2)[4] = 1;  // its size is rounded up to 16 bytes
  }).parameter_bytes = {8, 8, 8};
  MeasureRequest job = request("overruns");
  job.job.plan.workspaces = {{4, WorkspaceSpec::Init::none}};
  job.job.plan.launches[0].args.push_back(arg(ArgSpec::Kind::workspace, 0));
  EXPECT_EQ(measure(job).note,
            "it writes outside of workspace 0: 4 bytes after its end were written");
}

// The configuration without its chain, which is verified first.
class Plain : public MeasuringSessionTest {
 protected:
  static MeasureRequest with_plain(const std::string& kernel, const std::string& plain) {
    MeasureRequest job = request(kernel);
    job.job.plan.plain = {job.job.plan};
    test::own_problem(job.job.plan.plain[0]).tensors[1].name =
        "z";  // so that it has buffers of its own
    job.plain = {"an image", {plain}};
    job.plain_oracle = job.oracle;
    return job;
  }
};

TEST_F(Plain, IsVerifiedOnBothSetsOfInputs) {
  add("plain", [](void** arguments) { twice(arguments); });
  EXPECT_EQ(measure(with_plain("twice", "plain")).outcome, Outcome::ok);
  EXPECT_EQ(runtime_.kernel("plain").launches, 2);
}

TEST_F(Plain, AFaultOfItIsAFaultOfTheConfiguration) {
  add("plain", [](void** arguments) { twice(arguments)[0] = 9; });
  const Measurement measurement = measure(with_plain("twice", "plain"));
  EXPECT_EQ(measurement.outcome, Outcome::wrong_result);
  EXPECT_THAT(measurement.note, StartsWith("without its epilogue: z[0] = 9, expected "));
  EXPECT_EQ(runtime_.kernel("twice").launches, 0);
}

TEST_F(Plain, IsLeftOutIfTheMemoryDoesNotSuffice) {
  add("plain", [](void** arguments) { twice(arguments); });
  const MeasureRequest job = with_plain("twice", "plain");
  MeasureRequest alone = job;
  alone.job.plan.plain.clear();
  measure(alone);
  runtime_.memory_limit = runtime_.bytes_in_use();
  EXPECT_EQ(measure(job).outcome, Outcome::ok);
  EXPECT_EQ(runtime_.kernel("plain").launches, 0);
  EXPECT_THAT(session_.take_notices(),
              testing::ElementsAre(HasSubstr("is not verified without its epilogue")));
}

// Without a reference, only faults and missing writes are found.
TEST_F(Verdict, WithoutAnOracleUnwrittenElementsAreNoted) {
  add("half", [](void** arguments) {
    for (int i = 0; i < elements / 2; ++i) pointer<float>(arguments, 1)[i] = 1;
  });
  MeasureRequest job = request("half");
  test::own_problem(job.job.plan).oracle = {};
  job.oracle = {};
  const Measurement measurement = measure(job);
  EXPECT_EQ(measurement.outcome, Outcome::ok);
  EXPECT_EQ(measurement.note, "it leaves 50 of 100 elements of y unwritten");
  EXPECT_EQ(measurement.metrics.at("unwritten_elements"), 50);
}

// y = x in any type: the kernels that fill and compare, over all of their branches.
TEST_F(Verdict, HoldsForEveryType) {
  for (int storage = 0; storage <= static_cast<int>(DType::u64); ++storage) {
    const auto dtype = static_cast<DType>(storage);
    const auto bytes = static_cast<std::size_t>(size_of(dtype));
    std::size_t copied = 0;
    add("copies", [&](void** arguments) {
      std::memcpy(pointer<char>(arguments, 1), pointer<char>(arguments, 0), copied * bytes);
    });
    add("copies_reference", [&](void** arguments) {
      for (std::size_t i = 0; i < elements; ++i) {
        std::uint64_t bits = 0;
        std::memcpy(&bits, pointer<char>(arguments, 0) + i * bytes, bytes);
        pointer<double>(arguments, 1)[i] = expected_from(dtype, bits);
        pointer<double>(arguments, 2)[i] = 1;
      }
    }).parameter_bytes = {8, 8, 8};
    MeasureRequest job = request("copies");
    job.job.purpose = Purpose::verify;
    for (PlanTensor& tensor : test::own_problem(job.job.plan).tensors) tensor.dtype = dtype;
    job.oracle.names = {"copies_reference"};
    copied = elements;
    EXPECT_EQ(measure(job).outcome, Outcome::ok) << name_of(dtype);
    copied = elements - 1;
    const Measurement measurement = measure(job);
    EXPECT_EQ(measurement.outcome, Outcome::wrong_result) << name_of(dtype);
    EXPECT_THAT(measurement.note, StartsWith("y[99] "));
    EXPECT_THAT(measurement.note, HasSubstr("was not written"));
  }
}

TEST_F(Verdict, ANumberOfBytesThatAKernelDoesNotTakeIsRefusedBeforeTheLaunch) {
  const std::vector<std::pair<std::vector<std::size_t>, std::string>> cases{
      {{8}, "the kernel takes 1 parameter, it is passed 2"},
      {{8, 8, 8}, "the kernel takes 3 parameters, it is passed 2"},
      {{8, 4}, "parameter 2 of the kernel has 4 bytes, it is passed 8"}};
  for (const auto& [bytes, note] : cases) {
    runtime_.kernel("twice").parameter_bytes = bytes;
    const Measurement measurement = measure("twice");
    EXPECT_EQ(measurement.outcome, Outcome::launch_failed);
    EXPECT_EQ(measurement.note, note);
    EXPECT_FALSE(lost_);
  }
  EXPECT_EQ(runtime_.kernel("twice").launches, 0);
  runtime_.knows_parameters = false;
  EXPECT_EQ(measure("twice").outcome, Outcome::ok);
}

}  // namespace
}  // namespace tw::gpu
