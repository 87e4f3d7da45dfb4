// The model of a header: what it contains for winners like those of a database.
#include "emit/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "emit/header/write.h"
#include "emit/tuning/choice.h"
#include "emit/tuning/residuals.h"
#include "unit/emit/fixture.h"

namespace tw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class EmitModel : public testing::Test {
 protected:
  const Catalog catalog_ = emit_fixture::catalog();
  EmitRequest request_ = emit_fixture::request(catalog_);

  header::Model model() const { return model_of(tuning_of(request_)); }
  static std::vector<std::string> reasons(const std::vector<header::Check>& checks) {
    std::vector<std::string> all;
    for (const header::Check& check : checks) all.push_back(check.reason);
    return all;
  }
};

TEST_F(EmitModel, NamesTheFilesAndNamespaces) {
  request_.name_space = "my::kernels";
  const header::Model model = this->model();
  EXPECT_EQ(model.op, "blend");
  EXPECT_EQ(model.api, "blend.h");
  EXPECT_EQ(model.user_space, "my::kernels");
  EXPECT_EQ(model.space, "my::kernels::blend");
  EXPECT_EQ(model.scope, "dispatch_blend");
  EXPECT_EQ(model.guard, "TILEWRIGHT_IN_my_3A_3Akernels_3A_3Ablend");
  EXPECT_THAT(model.roots, ElementsAre("tw"));
  EXPECT_EQ(model.digest, "");  // emit() sets it
  EXPECT_EQ(model.note, emit_fixture::hostile);
}

TEST_F(EmitModel, HasAFormForEachTypeOfArguments) {
  const header::Model model = this->model();
  ASSERT_THAT(model.forms, SizeIs(3));
  EXPECT_EQ(model.forms[0].type, "Args");
  EXPECT_EQ(model.forms[0].element, "float");
  EXPECT_EQ(model.forms[0].types, "using Types = T;\n");
  std::vector<std::string> fields;
  for (const header::Field& field : model.forms[0].fields) {
    fields.push_back(field.type + " " + field.name + " = " + field.value);
  }
  EXPECT_THAT(fields,
              ElementsAre("std::int64_t rows = 0", "std::int64_t columns = 0",
                          "std::int64_t pitch = -1", "Order order = Order::plain",
                          "float factor = 1", "float weight = 0", "const float* x = nullptr",
                          "const float* other = nullptr", "float* out = nullptr"));
  const header::Form& chain = model.forms[1];
  EXPECT_EQ(chain.type, "ArgsBiasColumnClampScaleClamp");
  EXPECT_EQ(chain.base, "Args");
  EXPECT_THAT(chain.tensors, ElementsAre("bias_column"));
  EXPECT_THAT(chain.scalars,
              ElementsAre("clamp_lo", "clamp_hi", "scale_factor", "clamp2_lo", "clamp2_hi"));
  EXPECT_THAT(chain.stated, SizeIs(0));
  EXPECT_EQ(model.forms[2].type, "ArgsF64");
  EXPECT_EQ(model.forms[2].element, "double");
}

TEST_F(EmitModel, ConstantsOnWhichWinnersDifferHaveNoDefault) {
  request_ =
      emit_fixture::with_constants(request_, {"bias_column,clamp(-1,1),scale(0.1),clamp(0,6)",
                                              "bias_column,clamp(-1,2),scale(0.1),clamp(0,5)"});
  const header::Model model = this->model();
  const header::Form& form = model.forms.at(1);
  EXPECT_THAT(form.stated, ElementsAre("clamp_hi", "clamp2_hi"));
  std::vector<std::string> values;
  for (const header::Field& field : form.fields) values.push_back(field.value);
  EXPECT_THAT(values, ElementsAre("nullptr", "-1", "", "0.1f", "0", ""));
}

TEST_F(EmitModel, HasABranchForEachWinnerAndDefault) {
  const header::Model model = this->model();
  ASSERT_THAT(model.rows, SizeIs(6));
  EXPECT_EQ(model.rows[0].text, "blend f32 rows=64,columns=4096");
  EXPECT_THAT(model.rows[0].problem, ElementsAre(64, 4096, 4096, 0, 0, 0, 4, 16, 0));
  EXPECT_THAT(model.rows[0].scalars, ElementsAre(1, 0));
  EXPECT_EQ(model.rows[0].median_ns, 5000);
  const header::Branch& branch = model.branches.at(static_cast<std::size_t>(model.rows[0].branch));
  EXPECT_EQ(branch.configuration, "threads=128 vector=4 path=straight streaming=true");
  EXPECT_EQ(branch.title, "direct, order=plain: " + branch.configuration);
  EXPECT_THAT(branch.knobs, ElementsAre(128, 4, 0, 1));
  EXPECT_THAT(branch.variant, HasSubstr("struct v0 {"));
  EXPECT_THAT(branch.passed_over, HasSubstr("add -gencode arch=compute_90a,code=sm_90a"));
  EXPECT_EQ(branch.notes.front(), model.rows[0].text);
  EXPECT_EQ(model.cc, 90);
  EXPECT_EQ(model.sms, 132);
  for (const header::Fallback& fallback : model.fallbacks) {
    const auto& notes = model.branches.at(static_cast<std::size_t>(fallback.branch)).notes;
    const std::string type = model.forms.at(static_cast<std::size_t>(fallback.form)).type;
    EXPECT_THAT(notes, testing::Contains("serves " + type + " that were not tuned; not checked"));
    EXPECT_THAT(model.forms.at(static_cast<std::size_t>(fallback.form)).branches,
                testing::Contains(fallback.branch));
  }
}

TEST_F(EmitModel, SaysWhatWasChecked) {
  request_.checked_on = "a GPU";
  request_.checked["blend f32 rows=64,columns=4096"] = 1;
  const header::Model model = this->model();
  EXPECT_THAT(model.branches.at(0).notes, testing::Contains("  checked on a GPU, 1 shape"));
  EXPECT_THAT(model.origins.back(), HasSubstr("Checked on a GPU"));
}

// The header of all problems but one, with the same numbers of branches as that of all.
int branch_of_others(const Tuning& tuning, const EmitRequest& request, const TunedRow& row) {
  EmitRequest others = request;
  std::erase_if(others.winners, [&](const Winner& one) {
    return one.trial.context.situation.problem == row.winner.trial.context.situation.problem;
  });
  const Tuning without = tuning_of(others);
  const dispatch::Choice choice = choice_of(without, row.problem, without.device);
  const Branch& chosen = without.branches.at(static_cast<std::size_t>(choice.branch));
  for (std::size_t i = 0; i < tuning.branches.size(); ++i) {
    const Branch& one = tuning.branches[i];
    if (one.kernel == chosen.kernel && one.configuration == chosen.configuration) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

TEST(EmitRegrets, EachBranchSaysWhatItLosesAndWhatItWouldLose) {
  EmitRequest request = emit_fixture::portfolio_request();
  // The last two problems take the branch of the first one, at 5 and at 20 %.
  request.winners.resize(4);
  const Trial first = request.winners[0].trial;
  for (const auto& [i, slowdown] : {std::pair(2, 1.05), std::pair(3, 1.2)}) {
    Trial& trial = request.winners[static_cast<std::size_t>(i)].trial;
    trial.configuration = first.configuration;
    trial.context.code = first.context.code;
    request.slower[trial.context.situation.problem] = {slowdown, "another"};
  }
  const Tuning tuning = tuning_of(request);
  std::map<int, std::vector<double>> predicted;
  for (const TunedRow& row : tuning.rows) {
    const int branch = branch_of_others(tuning, request, row);
    ASSERT_GE(branch, 0);
    predicted[branch].push_back(
        slowdown_of(tuning, row, tuning.branches[static_cast<std::size_t>(branch)]).value());
  }
  const header::Model model = model_of(tuning);
  const int taken = tuning.rows[0].branch;
  EXPECT_THAT(model.branches.at(static_cast<std::size_t>(taken)).notes,
              testing::Contains("measured regret: mean 8.33 %, worst 20 % on 3 tuned problems"));
  int known = 0;
  for (std::size_t i = 0; i < model.branches.size(); ++i) {
    const std::vector<double>& all = predicted[static_cast<int>(i)];
    std::string said = "not known: it would serve no tuned problem that is left out";
    if (!all.empty()) {
      const double sum = std::accumulate(all.begin(), all.end(), 0.0);
      said =
          fmt::format("mean {:.3g} %, worst {:.3g} % on {} tuned problem{}, each left out in turn",
                      100 * (sum / static_cast<double>(all.size()) - 1),
                      100 * (*std::max_element(all.begin(), all.end()) - 1), all.size(),
                      all.size() == 1 ? "" : "s");
      ++known;
    }
    EXPECT_EQ(model.branches[i].notes.back(),
              "predicted regret on problems that were not tuned: " + said);
  }
  EXPECT_GE(known, 1);
}

TEST(EmitRegrets, OfABranchThatWasNotMeasuredIsNotKnown) {
  EmitRequest request = emit_fixture::portfolio_request();
  request.winners.resize(2);
  request.slowdowns.clear();
  const header::Model model = model_of(tuning_of(request));
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(model.branches.at(i).notes.back(),
              "predicted regret on problems that were not tuned: not known: it would serve 1 tuned "
              "problem, each left out in turn, and was not measured there");
  }
}

// All that the names of the files promise: one for each kernel, and no code of kernels elsewhere.
TEST(EmitSplit, EachKernelHasAFile) {
  EmitRequest request = emit_fixture::portfolio_request();
  request.winners.resize(2);
  const auto whole = emit(request);
  EXPECT_EQ(whole.count("gemm.mma.cu"), 0u);
  EXPECT_THAT(whole.at("gemm.cu"), testing::Not(HasSubstr("extern template")));
  request.split = true;
  const auto files = emit(request);
  ASSERT_EQ(files.count("gemm.mma.cu"), 1u);
  ASSERT_EQ(files.count("gemm.wgmma.cu"), 1u);
  EXPECT_THAT(files.at("gemm.cu"), HasSubstr("hold the kernels: gemm.wgmma.cu,"));
  EXPECT_THAT(files.at("gemm.cu"), HasSubstr("extern template cudaError_t dispatch::run<"));
  EXPECT_THAT(files.at("gemm.mma.cu"), HasSubstr("\ntemplate cudaError_t dispatch::run<"));
  EXPECT_THAT(files.at("gemm.mma.cu"), testing::Not(HasSubstr("run_wgmma")));
  EXPECT_THAT(files.at("gemm.h"), HasSubstr("compile gemm.cu and each gemm.*.cu into"));
}

TEST_F(EmitModel, WithoutWinnersOnlyDefaultsAreThere) {
  request_.winners.clear();
  const header::Model model = this->model();
  EXPECT_THAT(model.rows, SizeIs(0));
  EXPECT_EQ(model.cc, 0);
  EXPECT_FALSE(model.fallbacks.empty());
  EXPECT_THAT(model.origins.front(), HasSubstr("Nothing was tuned"));
  EXPECT_THAT(model.branches.front().passed_over, HasSubstr("build for this GPU too"));
}

TEST_F(EmitModel, HasTheReasonsOfRefusals) {
  const header::Model model = this->model();
  EXPECT_EQ(model.dims[0].reason, "rows must be between 1 and 65535");
  EXPECT_EQ(model.dims[0].most, 65535);
  EXPECT_EQ(model.dims[0].fallback, "");
  EXPECT_EQ(model.dims[2].fallback, "problem.columns");
  EXPECT_EQ(model.choices[0].reason, "order is none of its values");
  EXPECT_EQ(model.checks[0].condition,
            "!checked::holds(checked::ge(problem.pitch, problem.columns))");
  EXPECT_THAT(reasons(model.checks), ElementsAre("pitch is at least the columns"));
  EXPECT_EQ(model.tensors[1].scaled_by, "weight");
  EXPECT_EQ(model.tensors[0].is_too_large, "x would have more than 2^40 elements");
  EXPECT_THAT(model.nothing_serves, HasSubstr("; passes needs device.cc >= 80"));
}

TEST_F(EmitModel, HasTheLaunchesOfEachKernel) {
  const header::Model model = this->model();
  ASSERT_THAT(model.kernels, SizeIs(2));
  const header::Kernel& kernel = model.kernels[1];
  EXPECT_EQ(kernel.scope, "kernel_passes");
  EXPECT_EQ(kernel.runner, "run_passes");
  EXPECT_THAT(
      reasons(kernel.checks),
      ElementsAre("needs device.cc >= 80 && order == 'plain' && columns >= 256", "shared memory"));
  EXPECT_THAT(kernel.zero_each, ElementsAre(1));
  EXPECT_THAT(kernel.zero_once, ElementsAre(2));
  EXPECT_EQ(kernel.most_integers, 4);
  ASSERT_THAT(kernel.launches, SizeIs(2));
  EXPECT_EQ(kernel.launches[0].entry, "tw::blend::passes::scale");
  EXPECT_EQ(kernel.launches[0].grid[0], "checked::ceil_div(problem.columns, knob.threads)");
  using Kind = header::Argument::Kind;
  std::vector<Kind> kinds;
  for (const header::Argument& one : kernel.launches[0].arguments) kinds.push_back(one.kind);
  EXPECT_THAT(kinds, ElementsAre(Kind::int32, Kind::int64, Kind::tensor, Kind::scalar,
                                 Kind::workspace, Kind::workspace, Kind::workspace));
  EXPECT_EQ(model.kernels[0].knobs[2].words, "0 straight, 1 staged");
}

TEST_F(EmitModel, CarriesOnlyThePartsThatItNeeds) {
  const header::Model model = this->model();
  EXPECT_FALSE(model.has_maps);
  EXPECT_EQ(model.parts.count("dispatch/tensor_map.cuh"), 0u);
  EXPECT_EQ(model.parts.count("dispatch/call.cuh"), 1u);
  EXPECT_EQ(model.parts.at("dispatch/call.cuh").find("#include \"emit/"), std::string::npos);
  EXPECT_THAT(model.includes,
              ElementsAre("common/epilogue_steps.cuh", "op.cuh", "direct.cuh", "passes.cuh"));
  EXPECT_TRUE(model.sources.at("common/half.cuh").is_ours);
  EXPECT_FALSE(model.sources.at("direct.cuh").is_ours);
  EXPECT_THAT(model.sources.at("common/half.cuh").origin,
              HasSubstr("Tilewright's kernels/common/half.cuh, source digest "));

  const header::Model gemm = model_of(tuning_of(emit_fixture::reduced_request()));
  EXPECT_TRUE(gemm.has_maps);
  EXPECT_EQ(gemm.parts.count("dispatch/tensor_map.cuh"), 1u);
  EXPECT_TRUE(gemm.has_pointers);
}

TEST_F(EmitModel, ReductionsNeedAScalarOfZero) {
  const header::Model model = model_of(tuning_of(emit_fixture::reduced_request()));
  const auto at =
      std::find_if(model.forms.begin(), model.forms.end(),
                   [](const header::Form& form) { return form.type == "ArgsBiasColumnLogSumExp"; });
  ASSERT_NE(at, model.forms.end());
  EXPECT_TRUE(at->is_reduced);
  EXPECT_THAT(reasons(at->checks), ElementsAre("beta must be 0 with a reduction"));
  EXPECT_EQ(at->checks[0].condition, "args.beta != 0");
}

// All that can go wrong goes wrong before there is a model.
TEST_F(EmitModel, AnyModelBecomesText) {
  EXPECT_FALSE(header::write_files_of(model()).empty());
  request_.winners[1].trial.context.code.kernel = "gone";
  EXPECT_THROW(tuning_of(request_), Error);
}

TEST(EmitModelOfSources, RefusesPathsOfTheSharedParts) {
  const std::string op = R"([op]
name = "twice"
dtypes = ["f32"]
flops = "n"
bytes = "n"
[[dim]]
name = "n"
[[tensor]]
name = "y"
role = "out"
shape = ["n"]
[reference]
source = "SOURCE"
entry = "mine::kernel"
grid = [1]
block = [1]
args = ["y_expected"]
[tolerance]
f32 = 1
)";
  const std::string kernel = R"([kernel]
source = "SOURCE"
[[launch]]
entry = "mine::kernel"
grid = [1]
block = [1]
args = ["y"]
)";
  const auto with = [](std::string text, const std::string& source) {
    return text.replace(text.find("SOURCE"), 6, source);
  };
  for (const std::string source :
       {"dispatch/limits.h", "dispatch/select.h", "dispatch/call.cuh", "dispatch/own.cuh"}) {
    Texts sources = builtin_sources();
    sources[source] =
        "#pragma once\nnamespace mine {\nstruct Knobs {};\ntemplate <class T, class V, class "
        "Epilogue>\n__global__ void kernel(T* y) {}\n}\n";
    const Catalog catalog = Catalog::load(
        {{"twice/op.toml", with(op, source)}, {"twice/k.toml", with(kernel, source)}}, sources, "");
    EmitRequest request;
    request.catalog = &catalog;
    request.op = "twice";
    const Tuning tuning = tuning_of(request);
    if (source == "dispatch/own.cuh") {
      EXPECT_NO_THROW(model_of(tuning));
    } else {
      EXPECT_THROW(model_of(tuning), Error) << source;
    }
  }
}

}  // namespace
}  // namespace tw
