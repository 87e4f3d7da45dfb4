// Compares gemm's oracle with plain loops: the product as BLAS defines it, and the reductions of
// its rows.
#include "unit/conformance/reference.h"

namespace tw::conformance {
namespace {

const std::vector<std::string> shapes{
    "m=1,n=1,k=1",
    "m=37,n=21,k=50,alpha=-1.5,beta=0.5",
    "m=17,n=40,k=33,lda=51,ldb=52,ldc=43,beta=1",
    "m=18,n=5,k=7,batch=3,stride_b=0,stride_c=100,beta=1",
};

const std::vector<std::string> reduced_shapes{
    "m=1,n=1,k=1",
    "m=37,n=21,k=50,alpha=-1.5",
    "m=17,n=70,k=33,lda=51,ldb=72,ldc=3",
    "m=18,n=5,k=7,batch=3,stride_b=0,stride_c=100",
};

// An element of op(A) * op(B), and the sum of the absolute values of its terms.
struct Product {
  double sum = 0, terms = 0;
};
Product product_of(const ReferenceRun& run, const std::string& layout, std::int64_t matrix,
                   std::int64_t i, std::int64_t j) {
  const std::int64_t lda = run.dim("lda"), ldb = run.dim("ldb");
  const Elements a = run.tensor("a"), b = run.tensor("b");
  Product product;
  for (std::int64_t p = 0; p < run.dim("k"); ++p) {
    const double x =
        a[matrix * run.dim("stride_a") + (layout[0] == 't' ? p * lda + i : i * lda + p)];
    const double y =
        b[matrix * run.dim("stride_b") + (layout[1] == 't' ? j * ldb + p : p * ldb + j)];
    product.sum += x * y;
    product.terms += std::fabs(x * y);
  }
  return product;
}

Judged doubled(const Judged& x, double tolerance) {
  return through(x, tolerance, [](double value) { return -2 * value; });
}

void check_gemm(const ReferenceRun& run, const std::string& layout) {
  const std::int64_t m = run.dim("m"), n = run.dim("n");
  const double alpha = run.scalar("alpha"), beta = run.scalar("beta");
  const Elements c = run.tensor("c");
  for (std::int64_t each = 0; each < run.dim("batch") * m * n; ++each) {
    const std::int64_t matrix = each / (m * n), i = each / n % m, j = each % n;
    const Product product = product_of(run, layout, matrix, i, j);
    const std::int64_t at = matrix * run.dim("stride_c") + i * run.dim("ldc") + j;
    const double before = beta == 0 ? 0 : beta * c[at];
    run.compare("c", at,
                doubled(judged(alpha * product.sum + before,
                               std::fabs(alpha) * product.terms + std::fabs(before)),
                        run.tolerance()));
  }
}

// Returns the reduction of a row.
Judged reduced(const std::vector<Judged>& row, const std::string& reduction, double tolerance) {
  // For the elements as they are, with their errors added, and with their errors subtracted.
  double largest[3] = {-HUGE_VAL, -HUGE_VAL, -HUGE_VAL}, sum = 0, absolute = 0, errors = 0;
  for (const Judged& x : row) {
    const double error = tolerance * x.magnitude;
    for (int i = 0; i < 3; ++i) largest[i] = std::max(largest[i], x.value + (i - 1) * error);
    sum += x.value;
    absolute += std::fabs(x.value);
    errors += error;
  }
  if (reduction == "sum") return judged(sum, absolute + errors / tolerance);
  const auto moved = [&](const double(&low_to_high)[3]) {
    return std::max(low_to_high[2] - low_to_high[1], low_to_high[1] - low_to_high[0]) / tolerance;
  };
  if (reduction == "max") return judged(largest[1], moved(largest));
  double exponentials[3] = {}, weighted = 0;
  for (const Judged& x : row) {
    for (int i = 0; i < 3; ++i) {
      exponentials[i] += std::exp(x.value + (i - 1) * tolerance * x.magnitude);
    }
    weighted += std::exp(x.value) * (largest[1] - x.value);
  }
  const double logarithms[3] = {std::log(exponentials[0]), std::log(exponentials[1]),
                                std::log(exponentials[2])};
  return judged(logarithms[1], std::fabs(largest[1]) + (logarithms[1] - largest[1]) + 1 +
                                   weighted / exponentials[1] + moved(logarithms));
}

// Checks the reductions of the rows of -2 * (alpha * op(A) * op(B) + residual).
void check_reduced(const ReferenceRun& run, const std::string& layout,
                   const std::string& reduction) {
  const std::int64_t m = run.dim("m"), n = run.dim("n");
  const double alpha = run.scalar("alpha"), tolerance = run.tolerance();
  const Elements residual = run.epilogue_tensor();
  for (std::int64_t each = 0; each < run.dim("batch") * m; ++each) {
    std::vector<Judged> row;
    for (std::int64_t j = 0; j < n; ++j) {
      const Product product = product_of(run, layout, each / m, each % m, j);
      const Judged scaled = judged(alpha * product.sum, std::fabs(alpha) * product.terms);
      row.push_back(doubled(plus(scaled, tolerance, residual[each * n + j]), tolerance));
    }
    const std::int64_t at = each / m * run.dim("stride_c") + each % m * run.dim("ldc");
    run.compare("c", at, reduced(row, reduction, tolerance));
  }
}

class GemmReferenceTest : public testing::TestWithParam<std::string> {};

TEST_P(GemmReferenceTest, IsTheProduct) {
  const std::string layout = GetParam();
  check_reference("gemm", shapes, "layout=" + layout, "scale(-2)",
                  [&](const ReferenceRun& run) { check_gemm(run, layout); });
}

TEST_P(GemmReferenceTest, ReducesRows) {
  const std::string layout = GetParam();
  for (const std::string reduction : {"max", "sum", "logsumexp"}) {
    check_reference("gemm", reduced_shapes, "layout=" + layout, "residual,scale(-2)," + reduction,
                    [&](const ReferenceRun& run) { check_reduced(run, layout, reduction); });
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, GemmReferenceTest, testing::Values("nn", "nt", "tn", "tt"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace tw::conformance
