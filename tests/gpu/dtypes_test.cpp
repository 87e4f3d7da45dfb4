// Tensors of several types on a GPU: tests/data/mixed has i32, u8, i64, f32, f64 and bf16 tensors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/spec/sources.h"
#include "gpu_bench.h"
#include "unit/db/fixture.h"
#include "unit/support/mixed_faults.h"
#include "unit/support/paths.h"

namespace tw::test {
namespace {

namespace fs = std::filesystem;

class Dtypes : public testing::Test {
 protected:
  Dtypes() { fs::copy(test_data("mixed"), folder_ / "", fs::copy_options::recursive); }

  // Replaces a text that occurs once in a file of the op.
  void edit(const std::string& name, const std::string& before, const std::string& after) const {
    std::string text = read_text_file(folder_ / name);
    const std::size_t at = text.find(before);
    if (at == text.npos || text.find(before, at + 1) != text.npos)
      throw Error("not once: " + before);
    std::ofstream(folder_ / name) << text.replace(at, before.size(), after);
  }
  Measurement measured(Device& device, const std::string& dtype, const std::string& shape) const {
    const Catalog catalog = Catalog::load_file(folder_ / "op.toml", builtin_sources());
    return run(device, job_for(catalog, "dequantise", "block", {.shape = shape, .dtype = dtype}, "",
                               device));
  }

  const TemporaryFolder folder_;
};

TEST_F(Dtypes, AreVerifiedAndTimed) {
  TW_NEEDS_GPU(device);
  for (const char* dtype : {"f32", "bf16"}) {
    for (const char* shape : {"rows=1,columns=1,table=1", "rows=333,columns=67,table=9",
                              "rows=1000,columns=3001,table=77"}) {
      const Measurement measurement = measured(*device, dtype, shape);
      EXPECT_EQ(measurement.outcome, Outcome::ok) << dtype << " " << shape << measurement.note;
      EXPECT_GT(measurement.median_ns(), 500);
    }
  }
}

// The kernel writes an odd number of u8 elements: they are poisoned to the end.
TEST_F(Dtypes, AFaultInAnyTypeIsFound) {
  TW_NEEDS_GPU(device);
  const std::string right = read_text_file(folder_ / "block.cuh");
  for (const auto& [before, after, note] : mixed_faults) {
    edit("block.cuh", before, after);
    const Measurement measurement = measured(*device, "f32", "rows=33,columns=67,table=9");
    EXPECT_EQ(measurement.outcome, Outcome::wrong_result) << after;
    EXPECT_THAT(measurement.note, testing::HasSubstr(note)) << after;
    std::ofstream(folder_ / "block.cuh") << right;
  }
}

}  // namespace
}  // namespace tw::test
