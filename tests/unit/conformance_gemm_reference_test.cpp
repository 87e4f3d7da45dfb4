// The oracle of gemm, as BLAS defines the product, against plain loops.
#include "conformance_reference.h"

namespace tw::conformance {
namespace {

const std::vector<std::string> shapes{
    "m=1,n=1,k=1",
    "m=37,n=21,k=50,alpha=-1.5,beta=0.5",
    "m=17,n=40,k=33,lda=51,ldb=52,ldc=43,beta=1",
    "m=18,n=5,k=7,batch=3,stride_b=0,stride_c=100,beta=1",
};

void check_gemm(const ReferenceRun& run, bool transposed_a, bool transposed_b) {
  const std::int64_t m = run.dim("m"), n = run.dim("n"), k = run.dim("k");
  const std::int64_t lda = run.dim("lda"), ldb = run.dim("ldb"), ldc = run.dim("ldc");
  const double alpha = run.scalar("alpha"), beta = run.scalar("beta");
  const Elements a = run.tensor("a"), b = run.tensor("b"), c = run.tensor("c");
  for (std::int64_t each = 0; each < run.dim("batch") * m * n; ++each) {
    const std::int64_t matrix = each / (m * n), i = each / n % m, j = each % n;
    double sum = 0, terms = 0;
    for (std::int64_t p = 0; p < k; ++p) {
      const double x = a[matrix * run.dim("stride_a") + (transposed_a ? p * lda + i : i * lda + p)];
      const double y = b[matrix * run.dim("stride_b") + (transposed_b ? j * ldb + p : p * ldb + j)];
      sum += x * y;
      terms += std::fabs(x * y);
    }
    const std::int64_t at = matrix * run.dim("stride_c") + i * ldc + j;
    const double before = beta == 0 ? 0 : beta * c[at];
    run.compare("c", at, -2 * (alpha * sum + before),
                2 * (std::fabs(alpha) * terms + std::fabs(before)));
  }
}

class GemmReferenceTest : public testing::TestWithParam<std::string> {};

TEST_P(GemmReferenceTest, IsTheProduct) {
  const std::string layout = GetParam();
  check_reference("gemm", shapes, "layout=" + layout, "scale(-2)", [&](const ReferenceRun& run) {
    check_gemm(run, layout[0] == 't', layout[1] == 't');
  });
}

INSTANTIATE_TEST_SUITE_P(Layouts, GemmReferenceTest, testing::Values("nn", "nt", "tn", "tt"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace tw::conformance
