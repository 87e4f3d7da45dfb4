// The refusal of problems that would take the cpu device too long.
#include "session/setup/cpu_patience.h"

#include <gtest/gtest.h>

#include <string>

#include "core/catalog/catalog.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

// Returns the refusal of 1000000 x 64 elements by a user who waits for a tenth of their time.
// `requirement` is one more line of the op's [require].
std::string refusal_with(const std::string& requirement) {
  Texts spaces = test::toy_spaces();
  spaces["axpy/op.toml"] =
      test::changed(test::toy_op, "[require]\n", "[require]\n" + requirement + "\n");
  const Catalog catalog = Catalog::load(spaces, test::toy_sources());
  const OpEntry& entry = catalog.at("axpy");
  const KernelSpec* const kernels[] = {&entry.kernels.front()};
  const Problem problem = parse_problem(entry.op, {"1000000x64"});
  const DeviceInfo device = emulated_device(90);
  const CpuEstimate estimate = cpu_estimate(entry, kernels, problem, device);
  return test::error_of([&] {
    check_cpu_patience(entry, kernels, problem, device, estimate, estimate.typical_s / 10);
  });
}

TEST(CpuPatience, ARefusalNamesASmallerShape) {
  const std::string refusal = refusal_with("");
  EXPECT_TRUE(refusal.starts_with("axpy f32 rows=1000000,columns=64 would take the cpu device"))
      << refusal;
  EXPECT_NE(refusal.find("or a smaller shape, for example --shape rows=62500,columns=64"),
            std::string::npos)
      << refusal;
}

TEST(CpuPatience, ASmallerShapeThatTheOpRefusesIsNotNamed) {
  const std::string refusal = refusal_with("\"there are many rows\" = \"rows > 500000\"");
  EXPECT_TRUE(refusal.ends_with("or a smaller shape")) << refusal;
}

}  // namespace
}  // namespace tw
