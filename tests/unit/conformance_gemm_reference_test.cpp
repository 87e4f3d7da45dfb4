// The oracle itself, against a plain loop in double that shares nothing with it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "memory.h"
#include "module.h"
#include "plan.h"
#include "plan_parts.h"
#include "scheduler.h"
#include "values.h"

namespace tw {
namespace {

struct Gemm {
  std::int64_t m, n, k, lda, ldb, ldc, batch, stride_a, stride_b, stride_c;
  double alpha, beta;
};

const char* const shapes[] = {
    "m=1,n=1,k=1",
    "m=37,n=21,k=50,alpha=-1.5,beta=0.5",
    "m=17,n=40,k=33,lda=51,ldb=52,ldc=43,beta=1",
    "m=18,n=5,k=7,batch=3,stride_b=0,stride_c=100,beta=1",
};

class GemmReferenceTest : public testing::TestWithParam<const char*> {
 protected:
  static const Catalog& catalog() {
    static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
    return loaded;
  }

  static double wide(const cpu::Guarded& buffer, std::int64_t index) {
    double value = 0;
    std::memcpy(&value, buffer.data() + 8 * index, sizeof value);
    return value;
  }

  void check(const std::string& shape, DType dtype) {
    const OpSpec& op = catalog().at("gemm").op;
    const std::string layout = GetParam();
    ProblemText text;
    text.shape = shape + ",layout=" + layout;
    text.dtype = name_of(dtype);
    text.epilogue = "scale(-2)";
    const Problem problem = parse_problem(op, text);
    const DeviceInfo device = emulated_device(90);
    const Plan plan = lower_problem(catalog(), op, problem, device);
    const auto& d = problem.dims;
    const Gemm gemm{d[0],
                    d[1],
                    d[2],
                    d[3],
                    d[4],
                    d[5],
                    d[6],
                    d[7],
                    d[8],
                    d[9],
                    problem.scalars[0],
                    problem.scalars[1]};

    const cpu::Compiled compiled = cpu::compile_module({&plan.reference, 1});
    ASSERT_EQ(compiled.error, "");
    const cpu::LoadedModule module(compiled.path);
    const cpu::PlanMemory memory(plan, 5);
    std::vector<cpu::Guarded> expected, magnitude;
    for (const PlanTensor& tensor : plan.tensors) {
      expected.emplace_back(static_cast<std::size_t>(tensor.layout.elements) * 8, 8);
      magnitude.emplace_back(static_cast<std::size_t>(tensor.layout.elements) * 8, 8);
    }
    const PlanLaunch& launch = plan.reference_launch;
    cpu::PlanMemory::Arguments arguments(memory, launch, expected, magnitude);
    cpu::Scheduler scheduler;
    ASSERT_EQ(
        scheduler.run(module.module(), launch.entry, {launch.grid, launch.block, launch.smem_bytes},
                      arguments.pointers(), {1, false}),
        "");
    compare(gemm, layout, dtype, memory, expected[2], magnitude[2]);
  }

  static void compare(const Gemm& g, const std::string& layout, DType dtype,
                      const cpu::PlanMemory& memory, const cpu::Guarded& expected,
                      const cpu::Guarded& magnitude) {
    const auto element = [&](std::size_t tensor, std::int64_t index) {
      return cpu::read_element(dtype, memory.tensor(tensor), index);
    };
    for (std::int64_t each = 0; each < g.batch * g.m * g.n; ++each) {
      const std::int64_t matrix = each / (g.m * g.n), i = each / g.n % g.m, j = each % g.n;
      double sum = 0, terms = 0;
      for (std::int64_t p = 0; p < g.k; ++p) {
        const double a =
            element(0, matrix * g.stride_a + (layout[0] == 't' ? p * g.lda + i : i * g.lda + p));
        const double b =
            element(1, matrix * g.stride_b + (layout[1] == 't' ? j * g.ldb + p : p * g.ldb + j));
        sum += a * b;
        terms += std::fabs(a * b);
      }
      const std::int64_t at = matrix * g.stride_c + i * g.ldc + j;
      const double before = g.beta == 0 ? 0 : g.beta * element(2, at);
      const double c = -2 * (g.alpha * sum + before);
      const double size = 2 * (std::fabs(g.alpha) * terms + std::fabs(before));
      ASSERT_NEAR(wide(expected, at), c, 1e-13 * size) << layout << " " << i << "," << j;
      ASSERT_NEAR(wide(magnitude, at), size, 1e-13 * size) << layout << " " << i << "," << j;
    }
  }
};

TEST_P(GemmReferenceTest, IsTheProduct) {
  for (const char* shape : shapes) {
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
      SCOPED_TRACE(std::string(shape) + " " + std::string(name_of(dtype)));
      check(shape, dtype);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, GemmReferenceTest, testing::Values("nn", "nt", "tn", "tt"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace tw
