// A tolerance passes what fp32 arithmetic computes for a problem in any order, with room. It fails
// wrong results: a missing term, sums in f16, operands in TF32, truncated results.
#include <fmt/format.h>

#include "unit/verdict/tolerance_chains.h"

namespace tw::tolerances {
namespace {

using Values = std::vector<float>;

// An op whose outputs are sums of products.
struct Products {
  std::string op;
  std::string shape;  // {} stands for a sum's length, {} / divisor for a part of it
  std::int64_t divisor;
  std::size_t outputs;
  std::size_t columns, plane;  // of the output: the column of an element is at / plane % columns
  std::vector<std::string> chains;
  // Term i of output `at`; sums have `length` terms.
  Term (*term)(const Values& a, const Values& b, std::size_t at, std::size_t i, std::size_t length);
  bool is_mean = false;
  std::vector<std::int64_t> lengths{64, 512, 4096, 16384};
};

// A is 4 x k, B is k x 16.
Term term_of_gemm(const Values& a, const Values& b, std::size_t at, std::size_t i, std::size_t k) {
  return {a[at / 16 * k + i], b[i * 16 + at % 16]};
}

// A window of 4 x 4 over images of 5 x 5, with 8 filters.
Term term_of_conv(const Values& x, const Values& weights, std::size_t at, std::size_t i,
                  std::size_t length) {
  const std::size_t channel = i / 16, r = i / 4 % 4, s = i % 4;
  return {x[channel * 25 + (at / 2 % 2 + r) * 5 + at % 2 + s], weights[at / 4 * length + i]};
}

// Four taps reach each of 3 x 3 outputs from images of 4 x 4, with 8 filters.
Term term_of_transpose(const Values& x, const Values& weights, std::size_t at, std::size_t i,
                       std::size_t) {
  const std::size_t filter = at / 9, row = at / 3 % 3, column = at % 3;
  const std::size_t channel = i / 4, r = i / 2 % 2, s = i % 2;
  return {x[channel * 16 + (row + 1 - r) * 4 + column + 1 - s],
          weights[(channel * 8 + filter) * 4 + r * 2 + s]};
}

Term term_of_sum(const Values& x, const Values&, std::size_t at, std::size_t i,
                 std::size_t length) {
  return {x[at * length + i], 1};
}

// Returns no step, and each step that gemm allows.
std::vector<std::string> every_step() {
  const OpSpec& op = Given::catalog().at("gemm").op;
  std::vector<std::string> chains{""};
  for (const std::vector<std::string>& words : {op.epilogue_steps, op.epilogue_reductions}) {
    for (const std::string& word : words) {
      chains.push_back(Epilogue::from_structure(word).text());
    }
  }
  return chains;
}

const std::vector<Products>& all_products() {
  static const std::vector<Products> all{
      {"gemm",
       "m=4,n=16,k={}",
       1,
       64,
       16,
       1,
       {"", "bias_column,relu", "clamp(0,1)", "sigmoid", "gelu", "logsumexp", "add(1000)",
        "add(1e+06)", "scale(1e-07)", "scale(0.015625),residual", "div(64),bias_column",
        "scale(64)"},
       term_of_gemm},
      {"conv2d",
       "n=1,c={},h=5,w=5,k=8,r=4,s=4",
       16,
       32,
       8,
       4,
       {"", "bias,relu", "clamp(0,1)"},
       term_of_conv},
      {"conv_transpose2d",
       "n=1,c={},h=4,w=4,k=8,r=2,s=2,pad=1",
       4,
       72,
       8,
       9,
       {"", "bias,relu", "sigmoid"},
       term_of_transpose},
      {"reduce", "outer=64,extent={},operation=sum", 1, 64, 1, 1, {"", "gelu"}, term_of_sum},
      {"reduce",
       "outer=64,extent={},operation=mean",
       1,
       64,
       1,
       1,
       {"", "scale(2)"},
       term_of_sum,
       true},
      {"gemm", "m=4,n=16,k={}", 1, 64, 16, 1, every_step(), term_of_gemm, false, {512}},
  };
  return all;
}

// Returns the sums of all outputs, computed in one way.
Values sums_of(const Products& op, const Given& given, int set, std::int64_t length, Way way) {
  const Values &a = given.input(set, 0), &b = given.input(set, op.op == "reduce" ? 0 : 1);
  const auto count = static_cast<std::size_t>(length);
  const bool is_tf32 = given.problem().math == "tf32";
  Values sums;
  for (std::size_t at = 0; at < op.outputs; ++at) {
    std::vector<Term> terms(count);
    for (std::size_t i = 0; i < count; ++i) {
      terms[i] = op.term(a, b, at, i, count);
      if (is_tf32) terms[i] = {rounded_to_11_bits(terms[i].a), rounded_to_11_bits(terms[i].b)};
    }
    const float sum = sum_of(way, std::move(terms));
    sums.push_back(op.is_mean ? sum / static_cast<float>(length) : sum);
  }
  if (way == Way::swapped) std::swap(sums[0], sums[1]);
  return sums;
}

// Returns the results of the chain over sums.
Values results_of(const Products& op, const Given& given, int set, const Values& sums) {
  const Values all = chained(given, set, sums, [&](std::size_t at) {
    return Place{at / op.plane / op.columns, at / op.plane % op.columns, at};
  });
  if (!given.problem().epilogue.reduced()) return all;
  Values left;
  for (std::size_t row = 0; row < all.size(); row += op.columns) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(row);
    left.push_back(reduced(given.problem().epilogue.steps.back().word->name,
                           Values(first, first + static_cast<std::ptrdiff_t>(op.columns))));
  }
  return left;
}

struct Case {
  std::size_t products;
  std::string dtype, math;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (std::size_t i = 0; i < all_products().size(); ++i) {
    for (const auto& [dtype, maths] : Given::catalog().at(all_products()[i].op).op.maths) {
      const bool is_vocabulary = all_products()[i].lengths.size() == 1;
      if (is_vocabulary && dtype == "f16") continue;
      for (const std::string& math : maths) {
        if (!is_vocabulary || math != "tf32") all.push_back({i, dtype, math});
      }
    }
  }
  return all;
}

class ToleranceTest : public testing::TestWithParam<Case> {
 protected:
  const Products& op() const { return all_products()[GetParam().products]; }

  // Returns whether TF32 operands are a fault here, which three passes avoid.
  bool is_fp32() const { return GetParam().math == "f32" && op().op != "reduce"; }

  Problems problems_of(std::int64_t length) const {
    std::vector<ProblemText> texts;
    for (const std::string& chain : op().chains) {
      const std::string shape = fmt::format(fmt::runtime(op().shape), length / op().divisor);
      texts.push_back({shape, GetParam().dtype, GetParam().math, chain});
    }
    return {op().op, texts};
  }

  bool applies(Way way, std::int64_t length) const {
    const bool is_half = GetParam().dtype != "f32", is_tf32 = GetParam().math == "tf32";
    if (way == Way::truncated) return is_half;
    // Operands of 11 bits cost as much accuracy as a few additions in f16.
    if (way == Way::f16_sum) return !is_tf32 || length > 64;
    return true;
  }

  // Returns whether the fault fails: with the chain's own plan, or with the plan without the chain
  // if the chain hides the sums.
  static bool is_caught(const Products& op, const Given& plain, const Given& given,
                        const Values (&sums)[2], Way way) {
    bool caught = false;
    for (int set = 0; set < 2; ++set) {
      const bool cut = way == Way::truncated;
      const Values results = results_of(op, given, set, sums[set]);
      caught = caught || !given.judge(set, results, cut).found.is_right();
      if (!given.problem().epilogue.hides()) continue;
      caught = caught || !plain.judge(set, sums[set], cut).found.is_right();
    }
    return caught;
  }
};

TEST_P(ToleranceTest, PassesWhatIsRightWithRoom) {
  std::vector<Way> ways = right_ways;
  if (is_fp32()) ways.push_back(Way::three_passes);
  for (const std::int64_t length : op().lengths) {
    const Problems problems = problems_of(length);
    for (const Way way : ways) {
      for (int set = 0; set < 2; ++set) {
        const Values sums = sums_of(op(), problems[0], set, length, way);
        for (std::size_t i = 0; i < problems.size(); ++i) {
          const cpu::Verdict verdict =
              problems[i].judge(set, results_of(op(), problems[i], set, sums));
          EXPECT_TRUE(verdict.found.is_right() && verdict.found.used <= 0.5)
              << op().chains[i] << " " << length << " " << name_of(way) << " set " << set
              << ": uses " << verdict.found.used << " " << verdict.note;
        }
      }
    }
  }
}

TEST_P(ToleranceTest, FailsWhatIsWrong) {
  std::vector<Way> ways = faults;
  if (is_fp32()) ways.push_back(Way::one_tf32_pass);
  for (const std::int64_t length : op().lengths) {
    const Problems problems = problems_of(length);
    for (const Way way : ways) {
      if (!applies(way, length)) continue;
      const Values sums[2] = {sums_of(op(), problems[0], 0, length, way),
                              sums_of(op(), problems[0], 1, length, way)};
      for (std::size_t i = 0; i < problems.size(); ++i) {
        EXPECT_TRUE(is_caught(op(), problems[0], problems[i], sums, way))
            << op().chains[i] << " " << length << " " << name_of(way) << " is not seen";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, ToleranceTest, testing::ValuesIn(cases()), [](const auto& each) {
  const Products& op = all_products()[each.param.products];
  const std::string operation = op.op == "reduce"        ? op.is_mean ? "_mean" : "_sum"
                                : op.lengths.size() == 1 ? "_steps"
                                                         : "";
  return op.op + operation + "_" + each.param.dtype + "_" + each.param.math;
});

}  // namespace
}  // namespace tw::tolerances
