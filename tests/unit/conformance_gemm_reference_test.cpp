// The oracle of gemm, as BLAS defines the product, and what is left of its rows, against plain
// loops.
#include "conformance_reference.h"

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

void check_gemm(const ReferenceRun& run, const std::string& layout) {
  const std::int64_t m = run.dim("m"), n = run.dim("n");
  const double alpha = run.scalar("alpha"), beta = run.scalar("beta");
  const Elements c = run.tensor("c");
  for (std::int64_t each = 0; each < run.dim("batch") * m * n; ++each) {
    const std::int64_t matrix = each / (m * n), i = each / n % m, j = each % n;
    const Product product = product_of(run, layout, matrix, i, j);
    const std::int64_t at = matrix * run.dim("stride_c") + i * run.dim("ldc") + j;
    const double before = beta == 0 ? 0 : beta * c[at];
    run.compare("c", at, -2 * (alpha * product.sum + before),
                2 * (std::fabs(alpha) * product.terms + std::fabs(before)));
  }
}

// What is left of the rows of -2 * (alpha * op(A) * op(B) + residual).
void check_reduced(const ReferenceRun& run, const std::string& layout,
                   const std::string& reduction) {
  const std::int64_t m = run.dim("m"), n = run.dim("n");
  const double alpha = run.scalar("alpha");
  const Elements residual = run.epilogue_tensor();
  for (std::int64_t each = 0; each < run.dim("batch") * m; ++each) {
    double largest = -HUGE_VAL, sum = 0, exponentials = 0, terms = 0, magnitude = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      const Product product = product_of(run, layout, each / m, each % m, j);
      const double added = residual[each * n + j];
      const double value = -2 * (alpha * product.sum + added);
      const double of_value = 2 * (std::fabs(alpha) * product.terms + std::fabs(added));
      largest = std::max(largest, value);
      sum += value;
      exponentials += std::exp(value);
      terms += of_value;
      magnitude = std::max(magnitude, of_value);
    }
    const std::int64_t at = each / m * run.dim("stride_c") + each % m * run.dim("ldc");
    const double logarithm = std::log(exponentials);
    if (reduction == "max") run.compare("c", at, largest, magnitude);
    if (reduction == "sum") run.compare("c", at, sum, terms);
    if (reduction == "logsumexp") {
      run.compare("c", at, logarithm, magnitude + std::fabs(logarithm));
    }
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
