// Tensor maps of tensors that have dtypes of their own (tests/data/mapped): the emitted header must
// count the bytes of the tensor's own elements, as the tuner does.
#include <gtest/gtest.h>

#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/plan.h"
#include "emit/model_parts.h"
#include "selected_mapped.h"
#include "unit/emit/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

class EmitMapped : public testing::Test {
 protected:
  const Catalog catalog_ = Catalog::load_file(test_data("mapped/op.toml"), builtin_sources());
  const OpEntry& entry_ = catalog_.at("widen");
  const DeviceInfo info_ = emit_fixture::device();

  bool tuner_launches(const Problem& problem, std::int64_t box) const {
    return lower(catalog_, entry_.kernels.front(), problem, info_, Configuration{box})
        .invalid.empty();
  }
  bool header_launches(const Problem& problem, std::int64_t box) const {
    const std::array common = common_slots(problem);
    const selected_mapped::Problem emitted{problem.dims[0], problem.dims[1], common[0], common[1],
                                           common[2],       common[3],       common[4]};
    return selected_mapped::kernel_boxes::plan_of(
               {box}, emitted, emit_fixture::emitted<selected_mapped::Device>(info_))
        .launches();
  }
};

TEST_F(EmitMapped, CodeForTheBytesOfAnElement) {
  EXPECT_EQ(bytes_of_element(entry_.op.tensors[0]),
            "problem.dtype == 2 ? 4 : problem.dtype == 0 ? 1 : problem.sizeof_t");
  EXPECT_EQ(bytes_of_element(entry_.op.tensors[1]), "problem.sizeof_t");
}

// A row of u8 must have a multiple of 16 columns, and a row of i32 a multiple of 4. With the bytes
// of the storage type these would be 4 (f32) and 8 (bf16).
TEST_F(EmitMapped, RowsAreMultiplesOf16BytesOfTheTensorsOwnElements) {
  const auto launches = [&](const char* dtype, int columns) {
    const Problem problem = parse_problem(
        entry_.op, {.shape = "rows=3,columns=" + std::to_string(columns), .dtype = dtype});
    const bool header = header_launches(problem, 64);
    EXPECT_EQ(header, tuner_launches(problem, 64)) << dtype << " " << columns;
    return header;
  };
  EXPECT_TRUE(launches("f32", 80));
  EXPECT_FALSE(launches("f32", 72));
  EXPECT_FALSE(launches("f32", 68));
  EXPECT_TRUE(launches("bf16", 80));
  EXPECT_TRUE(launches("bf16", 68));
  EXPECT_FALSE(launches("bf16", 66));
  for (const char* dtype : {"f32", "bf16"}) {
    for (int columns = 1; columns < 100; ++columns) launches(dtype, columns);
  }
}

// The search chooses boxes of 128 elements first; 512 bytes of i32 are one line of no swizzle.
TEST_F(EmitMapped, BoxesAreJudgedByTheTensorsOwnElements) {
  for (const char* dtype : {"f32", "bf16"}) {
    const Problem problem =
        parse_problem(entry_.op, {.shape = "rows=3,columns=320", .dtype = dtype});
    for (const std::int64_t box : {1, 4, 8, 12, 16, 64, 128, 256, 257}) {
      EXPECT_EQ(header_launches(problem, box), tuner_launches(problem, box)) << dtype << " " << box;
    }
  }
  const Problem bytes = parse_problem(entry_.op, {.shape = "rows=3,columns=320", .dtype = "f32"});
  const Problem words = parse_problem(entry_.op, {.shape = "rows=3,columns=320", .dtype = "bf16"});
  EXPECT_FALSE(header_launches(bytes, 4));
  EXPECT_TRUE(header_launches(words, 4));
}

}  // namespace
}  // namespace tw
