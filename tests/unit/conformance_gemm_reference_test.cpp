// The oracle itself, against a plain loop in double that shares nothing with it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "memory.h"
#include "module.h"
#include "plan.h"
#include "plan_parts.h"
#include "scheduler.h"

namespace tw {
namespace {

struct Gemm {
  std::int64_t m, n, k, lda, ldb, ldc;
  double alpha, beta;
};

const char* const shapes[] = {
    "m=1,n=1,k=1",
    "m=37,n=21,k=50,alpha=-1.5,beta=0.5",
    "m=17,n=40,k=33,lda=51,ldb=52,ldc=43,beta=1",
};

class GemmReferenceTest : public testing::TestWithParam<const char*> {
 protected:
  static const Catalog& catalog() {
    static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
    return loaded;
  }

  static float element(const cpu::PlanMemory& memory, std::size_t tensor, std::int64_t index) {
    float value = 0;
    std::memcpy(&value, memory.tensor(tensor) + 4 * index, sizeof value);
    return value;
  }

  static double wide(const cpu::Guarded& buffer, std::int64_t index) {
    double value = 0;
    std::memcpy(&value, buffer.data() + 8 * index, sizeof value);
    return value;
  }

  void check(const std::string& shape) {
    const OpSpec& op = catalog().at("gemm").op;
    const std::string layout = GetParam();
    ProblemText text;
    text.shape = shape + ",layout=" + layout;
    text.epilogue = "scale(-2)";
    const Problem problem = parse_problem(op, text);
    const DeviceInfo device = emulated_device(90);
    const Plan plan = lower_problem(catalog(), op, problem, device);
    const auto& d = problem.dims;
    const Gemm gemm{d[0], d[1], d[2], d[3], d[4], d[5], problem.scalars[0], problem.scalars[1]};

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
    compare(gemm, layout, memory, expected[2], magnitude[2]);
  }

  static void compare(const Gemm& g, const std::string& layout, const cpu::PlanMemory& memory,
                      const cpu::Guarded& expected, const cpu::Guarded& magnitude) {
    for (std::int64_t i = 0; i < g.m; ++i) {
      for (std::int64_t j = 0; j < g.n; ++j) {
        double sum = 0, terms = 0;
        for (std::int64_t p = 0; p < g.k; ++p) {
          const double a = element(memory, 0, layout[0] == 't' ? p * g.lda + i : i * g.lda + p);
          const double b = element(memory, 1, layout[1] == 't' ? j * g.ldb + p : p * g.ldb + j);
          sum += a * b;
          terms += std::fabs(a * b);
        }
        const double before = g.beta == 0 ? 0 : g.beta * element(memory, 2, i * g.ldc + j);
        const double c = -2 * (g.alpha * sum + before);
        const double size = 2 * (std::fabs(g.alpha) * terms + std::fabs(before));
        const std::int64_t at = i * g.ldc + j;
        ASSERT_NEAR(wide(expected, at), c, 1e-13 * size) << layout << " " << i << "," << j;
        ASSERT_NEAR(wide(magnitude, at), size, 1e-13 * size) << layout << " " << i << "," << j;
      }
    }
  }
};

TEST_P(GemmReferenceTest, IsTheProduct) {
  for (const char* shape : shapes) {
    SCOPED_TRACE(shape);
    check(shape);
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, GemmReferenceTest, testing::Values("nn", "nt", "tn", "tt"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace tw
