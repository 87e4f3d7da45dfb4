// The rule for rows: softmax, reductions along an axis, and reductions of a product's rows. The
// rule passes what fp32 arithmetic computes for a row in any order, with room. It fails a row in
// which a term or a part is left out, swapped outputs, and sums in f16.
//
// A fault need not show in the storage type: one term in 16384 changes a mean by less than bf16
// resolves. So a fault must fail only if the stored result differs from what every right
// computation stores. The tests compute this from the expected value in fp64: see shows().
#include <fmt/format.h>

#include "unit/verdict/tolerance_chains.h"

namespace tw::tolerances {
namespace {

using Values = std::vector<float>;

const std::vector<Way> faults_of_rows{Way::last_dropped, Way::swapped, Way::tile_skipped,
                                      Way::f16_sum};
constexpr std::int64_t lengths[] = {64, 512, 4096, 16384};

// The terms of an output, or of a row of outputs, and the error that each may have in units of
// fp32.
struct Row {
  std::vector<double> terms, magnitudes;
};

// An op over rows.
struct Rows {
  std::string op, operation;
  std::string shape;  // {} stands for a row's length
  std::string reduction;
  std::size_t count;

  bool is_softmax() const { return op == "softmax"; }
  bool is_extremum() const { return operation == "max" || operation == "min"; }
  bool has_exponentials() const { return is_softmax() || operation == "logsumexp"; }
};

const std::vector<Rows>& all_rows() {
  static const std::vector<Rows> all = [] {
    std::vector<Rows> rows;
    for (const std::string operation : {"sum", "mean", "max", "min", "logsumexp"}) {
      rows.push_back({"reduce", operation, "outer=16,extent={},operation=" + operation, "", 16});
    }
    for (const std::string operation : {"softmax", "log_softmax"}) {
      rows.push_back({"softmax", operation, "rows=4,columns={},operation=" + operation, "", 4});
    }
    for (const std::string& word : Given::catalog().at("gemm").op.epilogue_reductions) {
      rows.push_back({"gemm", word, "m=16,n={},k=4", word, 16});
    }
    return rows;
  }();
  return all;
}

// Returns row `at` of the product of A, which is 16 x 4, and B, which is 4 x length.
Row row_of_product(const Values& a, const Values& b, std::size_t at, std::size_t length) {
  Row row;
  for (std::size_t column = 0; column < length; ++column) {
    double sum = 0, absolute = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const double term =
          static_cast<double>(a[at * 4 + i]) * static_cast<double>(b[i * length + column]);
      sum += term;
      absolute += std::fabs(term);
    }
    row.terms.push_back(sum);
    row.magnitudes.push_back(absolute);
  }
  return row;
}

std::vector<Row> rows_of(const Rows& rows, const Given& given, int set, std::size_t length) {
  std::vector<Row> all;
  for (std::size_t at = 0; at < rows.count; ++at) {
    if (rows.op == "gemm") {
      all.push_back(row_of_product(given.input(set, 0), given.input(set, 1), at, length));
      continue;
    }
    const auto first = given.input(set, 0).begin() + static_cast<std::ptrdiff_t>(at * length);
    all.push_back(
        {{first, first + static_cast<std::ptrdiff_t>(length)}, std::vector<double>(length)});
  }
  return all;
}

double extremum(bool smallest, const std::vector<double>& terms) {
  return smallest ? *std::min_element(terms.begin(), terms.end())
                  : *std::max_element(terms.begin(), terms.end());
}

// The expected value of an output, and how many units of fp32 it may be off.
struct Right {
  double value, magnitude;
};

// The sum of exponentials relative to the largest term, and the mean distance of the terms from it,
// weighted by the exponentials.
struct Exponentials {
  double top, sum = 0, spread = 0;

  explicit Exponentials(const std::vector<double>& terms) : top(extremum(false, terms)) {
    for (const double x : terms) {
      sum += std::exp(x - top);
      if (std::isfinite(x)) spread += std::exp(x - top) * (top - x);
    }
    spread /= sum;
  }
};

std::vector<Right> right_of(const Rows& rows, const Row& row) {
  const std::vector<double>& terms = row.terms;
  const double off = extremum(false, row.magnitudes);
  if (rows.is_extremum()) return {{extremum(rows.operation == "min", terms), off}};
  std::vector<Right> right;
  if (!rows.has_exponentials()) {
    double sum = 0, absolute = 0;
    for (const double x : terms) sum += x, absolute += std::fabs(x);
    for (const double magnitude : row.magnitudes) absolute += magnitude;
    const double divisor = rows.operation == "mean" ? static_cast<double>(terms.size()) : 1;
    return {{sum / divisor, absolute / divisor}};
  }
  const Exponentials all(terms);
  const double log_sum = std::log(all.sum);
  if (rows.operation == "logsumexp") {
    if (!std::isfinite(all.top)) return {{all.top, 0}};
    return {{all.top + log_sum, std::fabs(all.top) + log_sum + 1 + all.spread + off}};
  }
  for (const double x : terms) {
    const double below = all.top - x, part = std::exp(-below) / all.sum;
    right.push_back(rows.operation == "softmax"
                        ? Right{part, part > 0 ? part * (1 + below + all.spread) : 0}
                        : Right{-below - log_sum, below + log_sum + 1 + all.spread});
  }
  return right;
}

// Returns the reduction of a row computed in a faulty way. The dropped term is the last one, or the
// extremum if the operation is an extremum.
Values kept(const Rows& rows, Way way, Values row) {
  const auto part = static_cast<std::ptrdiff_t>(row.size() / 4);
  if (way == Way::last_dropped) {
    const auto [least, most] = std::minmax_element(row.begin(), row.end());
    row.erase(!rows.is_extremum() ? row.end() - 1 : rows.operation == "min" ? least : most);
  }
  if (way == Way::tile_skipped) row.erase(row.begin() + part, row.begin() + 2 * part);
  return row;
}

float sum_in(Way way, const Values& row) {
  std::vector<Term> terms;
  for (const float x : row) terms.push_back({x, 1});
  const bool is_order = way == Way::pairwise || way == Way::lanes || way == Way::f16_sum;
  return sum_of(is_order ? way : Way::sequential, std::move(terms));
}

// Returns the outputs of a row, computed in a way in fp32.
Values computed(const Rows& rows, Way way, const Row& row) {
  const Values all(row.terms.begin(), row.terms.end());
  Values left = kept(rows, way, all);
  const float top = static_cast<float>(
      extremum(rows.operation == "min", std::vector<double>(left.begin(), left.end())));
  if (rows.is_extremum()) return {way == Way::f16_sum ? rounded_to_11_bits(top) : top};
  if (rows.operation == "sum") return {sum_in(way, left)};
  if (rows.operation == "mean") return {sum_in(way, left) / static_cast<float>(all.size())};
  if (rows.operation == "logsumexp" && !std::isfinite(top)) return {top};
  for (float& x : left) x = std::exp(x - top);
  const float sum = sum_in(way, left);
  if (rows.operation == "logsumexp") return {top + std::log(sum)};
  Values results;
  for (const float x : all) {
    results.push_back(rows.operation == "softmax" ? std::exp(x - top) / sum
                                                  : x - top - std::log(sum));
  }
  return results;
}

double stored(DType dtype, double value) {
  alignas(8) std::byte bytes[8];
  cpu::write_element(dtype, bytes, 0, value);
  return cpu::read_element(dtype, bytes, 0);
}

// Swaps the first two outputs that differ in the storage type.
void swap_outputs(DType dtype, Values& results) {
  const auto as_stored = [&](float x) { return stored(dtype, static_cast<double>(x)); };
  const auto other = std::find_if(results.begin(), results.end(),
                                  [&](float x) { return as_stored(x) != as_stored(results[0]); });
  if (other != results.end()) std::swap(results[0], *other);
}

Values results_of(const Rows& rows, DType dtype, Way way, const std::vector<Row>& all) {
  Values results;
  for (const Row& row : all) {
    const Values outputs = computed(rows, way, row);
    results.insert(results.end(), outputs.begin(), outputs.end());
  }
  if (way == Way::swapped) swap_outputs(dtype, results);
  return results;
}

// Returns whether an output is stored as no right computation stores it. A right computation is off
// by at most 4 units of fp32 for each unit of the magnitude, a quarter of what the rule allows.
bool shows(DType dtype, const Values& results, const std::vector<Right>& right) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    const double x = stored(dtype, static_cast<double>(results[i]));
    const auto [value, magnitude] = right[i];
    if (std::isnan(x) != std::isnan(value)) return true;
    const double off = std::isfinite(value) ? 4 * 0x1p-24 * (magnitude + 0x1p-126) : 0;
    if (x < stored(dtype, value - off) || x > stored(dtype, value + off)) return true;
  }
  return false;
}

struct Case {
  std::size_t rows;
  std::string dtype;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (std::size_t i = 0; i < all_rows().size(); ++i) {
    for (const std::string dtype : {"f32", "f16", "bf16"}) all.push_back({i, dtype});
  }
  return all;
}

std::string name_of_case(const testing::TestParamInfo<Case>& each) {
  const Rows& rows = all_rows()[each.param.rows];
  return rows.op + "_" + rows.operation + "_" + each.param.dtype;
}

class ToleranceRowsTest : public testing::TestWithParam<Case> {
 protected:
  const Rows& rows() const { return all_rows()[GetParam().rows]; }
  DType dtype() const { return *parse_dtype(GetParam().dtype); }

  Problems problems_of(std::int64_t length, const std::vector<std::string>& chains) const {
    std::vector<ProblemText> texts;
    for (const std::string& chain : chains) {
      texts.push_back({.shape = fmt::format(fmt::runtime(rows().shape), length),
                       .dtype = GetParam().dtype,
                       .epilogue = chain});
    }
    return {rows().op, texts};
  }

  // A sum of positive terms only grows, and each addition rounds the whole sum. So a long chain of
  // exponentials has a larger error than the tolerance allows; the kernels use many short chains.
  bool is_right(Way way, std::int64_t length) const {
    return way != Way::sequential || !rows().has_exponentials() || length <= 512;
  }

  // Returns whether the operation guarantees that the fault shows; otherwise the test would prove
  // nothing.
  bool is_never_hidden(Way way, std::int64_t length) const {
    if (rows().is_extremum()) return way != Way::f16_sum && length == 64;
    return way == Way::tile_skipped || way == Way::swapped || dtype() == DType::f32;
  }

  // Returns, over both sets of inputs, whether the fault must show and whether it fails.
  std::pair<bool, bool> tried(const Given& given, Way way, std::size_t length) const {
    bool must_show = false, fails = false;
    for (int set = 0; set < 2; ++set) {
      const std::vector<Row> all = rows_of(rows(), given, set, length);
      std::vector<Right> right;
      for (const Row& row : all) {
        for (const Right& each : right_of(rows(), row)) right.push_back(each);
      }
      const Values results = results_of(rows(), dtype(), way, all);
      must_show = must_show || shows(dtype(), results, right);
      fails = fails || !given.judge(set, results).found.is_right();
    }
    return {must_show, fails};
  }
};

TEST_P(ToleranceRowsTest, PassesWhatIsRightWithRoom) {
  for (const std::int64_t length : lengths) {
    const Problems problems = problems_of(length, {rows().reduction});
    for (int set = 0; set < 2; ++set) {
      const auto all = rows_of(rows(), problems[0], set, static_cast<std::size_t>(length));
      for (const Way way : right_ways) {
        if (!is_right(way, length)) continue;
        const cpu::Verdict verdict = problems[0].judge(set, results_of(rows(), dtype(), way, all));
        EXPECT_TRUE(verdict.found.is_right() && verdict.found.used <= 0.5)
            << length << " " << name_of(way) << " set " << set << ": uses " << verdict.found.used
            << " " << verdict.note;
      }
    }
  }
}

TEST_P(ToleranceRowsTest, FailsWhatIsWrong) {
  for (const std::int64_t length : lengths) {
    const Problems problems = problems_of(length, {rows().reduction});
    for (const Way way : faults_of_rows) {
      const auto [must_show, fails] = tried(problems[0], way, static_cast<std::size_t>(length));
      EXPECT_TRUE(fails || !must_show) << length << " " << name_of(way) << " is not seen";
      EXPECT_TRUE(must_show || !is_never_hidden(way, length))
          << length << " " << name_of(way) << " does not show as stored";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, ToleranceRowsTest, testing::ValuesIn(cases()), name_of_case);

// Results far below 1, after steps that add larger values.
class ToleranceSmallRowsTest : public ToleranceRowsTest {};

TEST_P(ToleranceSmallRowsTest, FailsASkippedPartBehindAnAddition) {
  const std::vector<std::string> chains{"", "bias_row", "residual", "add(1)", "softplus"};
  for (const std::int64_t length : lengths) {
    const Problems problems = problems_of(length, chains);
    std::vector<bool> fails(chains.size());
    for (int set = 0; set < 2; ++set) {
      const auto count = static_cast<std::size_t>(length);
      const Values plain =
          results_of(rows(), dtype(), Way::tile_skipped, rows_of(rows(), problems[0], set, count));
      const std::size_t columns = plain.size() / rows().count;
      for (std::size_t i = 0; i < chains.size(); ++i) {
        const Values results = chained(problems[i], set, plain, [&](std::size_t at) {
          return Place{at / columns, at % columns, at};
        });
        fails[i] = fails[i] || !problems[i].judge(set, results).found.is_right();
        if (!problems[i].problem().epilogue.hides()) continue;
        fails[i] = fails[i] || !problems[0].judge(set, plain).found.is_right();
      }
    }
    for (std::size_t i = 0; i < chains.size(); ++i) {
      EXPECT_TRUE(fails[i]) << length << " " << chains[i] << ": the skipped part is not seen";
    }
  }
}

std::vector<Case> small_cases() {
  std::vector<Case> all;
  for (const Case& each : cases()) {
    const Rows& rows = all_rows()[each.rows];
    if (rows.operation == "softmax" || rows.operation == "mean") all.push_back(each);
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Ops, ToleranceSmallRowsTest, testing::ValuesIn(small_cases()),
                         name_of_case);

}  // namespace
}  // namespace tw::tolerances
