// A header without --defaults: it holds what calls like the tuned ones can reach, and no more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "emit/emit.h"
#include "emit/tuning/choice.h"
#include "emit/tuning/forms.h"
#include "emit/tuning/launches.h"
#include "unit/emit/matrix.h"

namespace tw {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

constexpr const char* tuned_problem = "gemm bf16 m=512,n=512,k=512,layout=nt";
constexpr const char* tuned_chain =
    "gemm bf16 m=512,n=512,k=512,layout=nt epilogue=bias_column,relu";

EmitRequest request_for(const std::vector<std::pair<std::string, std::string>>& winners) {
  const Catalog& catalog = emit_fixture::builtin_catalog();
  const std::string& first = winners.front().first;
  EmitRequest request = emit_matrix::request_for(catalog, first.substr(0, first.find(' ')));
  for (const auto& [problem, kernel] : winners) {
    request.winners.push_back(emit_matrix::winner(catalog, problem, kernel));
  }
  request.defaults = false;
  return request;
}

std::string text_of_file(const EmitRequest& request, const std::string& end) {
  for (const auto& [path, text] : emit(request)) {
    if (path.ends_with(end)) return text;
  }
  return "";
}

TEST(EmitReach, HoldsTheTunedTypesAndChoices) {
  const EmitRequest request = request_for({{tuned_chain, "wgmma"}});
  const Tuning tuning = tuning_of(request);
  ASSERT_EQ(tuning.forms.size(), 2u);
  EXPECT_EQ(tuning.forms[0].type, "ArgsBf16");
  EXPECT_EQ(tuning.forms[1].type, "ArgsBf16BiasColumnRelu");
  EXPECT_LE(tuning.branches.size(), 3u);
  EXPECT_FALSE(tuning.fallbacks.empty());
  for (const Fallback& fallback : tuning.fallbacks) {
    EXPECT_EQ(fallback.form, 1);
    const Branch& branch = tuning.branches[static_cast<std::size_t>(fallback.branch)];
    EXPECT_EQ(branch.problem.choices, tuning.rows.front().problem.choices);
  }
}

TEST(EmitReach, WithDefaultsHoldsAllChoices) {
  EmitRequest request = request_for({{tuned_problem, "wgmma"}});
  request.defaults = true;
  const Tuning tuning = tuning_of(request);
  EXPECT_EQ(tuning.forms.front().type, "Args");
  std::set<std::vector<std::int64_t>> choices;
  for (const Branch& branch : tuning.branches) choices.insert(branch.problem.choices);
  EXPECT_GE(choices.size(), 4u);
}

TEST(EmitReach, SaysWhatWasTuned) {
  const EmitRequest request =
      request_for({{tuned_problem, "wgmma"}, {"gemm bf16 m=512,n=512,k=512,layout=nn", "mma"}});
  EXPECT_THAT(text_of_file(request, "select.h"),
              AllOf(HasSubstr("tuned were"), HasSubstr("layout=nn,batches=strided or"),
                    HasSubstr("layout=nt,batches=strided (tune emit --defaults adds")));
}

// No function takes a type that was not tuned, though tuned types extend it.
TEST(EmitReach, ATypeThatOthersExtendIsNotCalled) {
  const EmitRequest request = request_for({{tuned_chain, "wgmma"}});
  EXPECT_THAT(text_of_file(request, "gemm.h"),
              AllOf(HasSubstr("// Other types extend this one."), HasSubstr("struct ArgsBf16 {"),
                    HasSubstr("tuned::gemm::ArgsBf16BiasColumnRelu args;")));
  EXPECT_THAT(text_of_file(request, "gemm.cu"),
              AllOf(HasSubstr("launch(const ArgsBf16BiasColumnRelu&"),
                    Not(HasSubstr("launch(const ArgsBf16&"))));
  EXPECT_THAT(text_of_file(request, "gemm.cuh"), Not(HasSubstr("struct Form<api::ArgsBf16> ")));
}

// A program for plain sm_90 has no code of wgmma, and other GPUs run no winner.
TEST(EmitReach, SomeBranchNeedsNoCodeOfASpecificTarget) {
  const EmitRequest request = request_for({{tuned_problem, "wgmma"}});
  const Tuning tuning = tuning_of(request);
  const auto is_general = [&](const Fallback& fallback) {
    const Branch& branch = tuning.branches[static_cast<std::size_t>(fallback.branch)];
    return !has_own_target(*request.catalog, *branch.kernel);
  };
  EXPECT_TRUE(std::any_of(tuning.fallbacks.begin(), tuning.fallbacks.end(), is_general));
}

// A call with the tuned type and choices.
struct Drawn {
  Problem problem;
  DeviceInfo device;
};

class Draw {
 public:
  explicit Draw(const Tuning& tuning) : tuning_(tuning) {}
  // Returns nothing if the op refuses the shape.
  std::optional<Drawn> one() {
    static constexpr std::int64_t sizes[] = {1, 2, 3, 7, 8, 16, 31, 33, 64, 100, 129, 512, 1000};
    const TunedRow& row = tuning_.rows[below(tuning_.rows.size())];
    Problem problem = row.problem;
    ShapeValues values = shape_values(tuning_.op(), problem);
    for (std::size_t i = 0; i < values.dims.size(); ++i) {
      if (tuning_.op().dims[i].fallback ? below(6) == 0 : below(4) != 0) {
        values.dims[i] = sizes[below(std::size(sizes))];
      }
    }
    if (set_shape(tuning_.op(), values, problem)) return std::nullopt;
    const int least = least_align(tuning_.op(), problem.dtype);
    problem.align = below(2) == 0 ? 16 : least << below(3);
    if (problem.align > 16) problem.align = 16;
    const int ccs[] = {80, 89, 90, 120};
    return Drawn{problem, below(2) == 0 ? tuning_.device : emulated_device(ccs[below(4)])};
  }

 private:
  std::size_t below(std::size_t count) { return random_() % count; }

  const Tuning& tuning_;
  std::mt19937_64 random_{7};
};

class EmitReachOf : public testing::TestWithParam<std::pair<const char*, const char*>> {};

// Whatever a header with all defaults serves, a header without them serves too.
TEST_P(EmitReachOf, ServesEveryCallThatADefaultServes) {
  const EmitRequest small = request_for({{GetParam().first, GetParam().second}});
  EmitRequest whole = small;
  whole.defaults = true;
  const Tuning of_small = tuning_of(small), of_whole = tuning_of(whole);
  EXPECT_LE(of_small.branches.size(), of_whole.branches.size());
  Draw draw(of_small);
  int served = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::optional<Drawn> call = draw.one();
    if (!call || choice_of(of_whole, call->problem, call->device).branch < 0) continue;
    ++served;
    EXPECT_GE(choice_of(of_small, call->problem, call->device).branch, 0)
        << call->problem.key(of_small.op()) << " on sm_" << call->device.cc;
  }
  EXPECT_GT(served, 300);
}

INSTANTIATE_TEST_SUITE_P(
    Shipped, EmitReachOf,
    testing::Values(
        std::pair(tuned_problem, "wgmma"), std::pair(tuned_chain, "wgmma"),
        std::pair("gemm f32 m=511,n=513,k=515,layout=tn", "simt"),
        std::pair("gemm f32 m=512,n=512,k=512,layout=nt epilogue=logsumexp", "mma"),
        std::pair("gemm bf16 m=200,n=136,k=128,batch=5,layout=nt,batches=pointers", "mma"),
        std::pair("activation f32 rows=64,columns=4096 epilogue=elu", "stream"),
        std::pair("softmax bf16 rows=64,columns=4096", "registers"),
        std::pair("reduce f16 outer=64,extent=512,operation=logsumexp", "rows"),
        std::pair("reduce f32 outer=64,extent=512,inner=40,operation=sum", "columns"),
        std::pair("conv2d bf16 n=8,c=8,h=64,w=64,k=64,r=3,s=3,pad=1 epilogue=bias,relu",
                  "direct_wgmma"),
        std::pair("conv2d f32 n=8,c=64,h=56,w=56,k=64,r=3,s=3,pad=1", "implicit_gemm"),
        std::pair("conv_transpose2d f16 n=8,c=64,h=64,w=64,k=64,r=3,stride=2,pad=1,output_pad=1",
                  "wgmma")));

}  // namespace
}  // namespace tw
