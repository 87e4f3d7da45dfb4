// Each test plants a fault in the order in which blocks pass their parts to each other. A
// verification notices the fault, because blocks take turns on the cpu device.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "devices/cpu/emulation/sanitizer.h"
#include "unit/verdict/mutation_fixture.h"

namespace tw {
namespace {

// A fault: a block tells the others too early that it has stored its part.
struct Publication {
  std::string name;
  Trial trial;
  std::string file;
  std::vector<Edit> edits;
};
void PrintTo(const Publication& fault, std::ostream* out) { *out << fault.name; }

std::vector<Publication> publications() {
  const Trial gemm{"gemm", "simt", "f32", "m=16,n=24,k=512", "", "split_k=4"};
  const Trial mma{"gemm", "mma", "bf16", "m=16,n=16,k=2048", "", "split_k=4"};
  const Trial stream_k{"gemm", "mma", "f32", "m=64,n=160,k=4096", "", "schedule=stream_k", "tf32"};
  const Trial conv{"conv2d", "implicit_gemm", "bf16", "n=1,c=456,h=3,w=4,k=8,r=3,s=3,pad=1",
                   "",       "split_k=4"};
  const Trial rows{"reduce", "rows",           "f16", "outer=16,extent=4099,operation=sum",
                   "",       "blocks_per_sm=1"};
  const Trial columns{"reduce", "columns",
                      "f32",    "outer=1,extent=1024,inner=40,operation=sum",
                      "",       "blocks_per_sm=1"};
  const std::string join = "common/join_parts.cuh";
  const Edit barrier{"  __threadfence();\n  Threads::sync();\n  const",
                     "  __threadfence();\n  const"};
  // Moves the count from behind the stores to the line before them. The barrier protects the
  // earlier content of shared memory.
  const auto earlier = [](const std::string& stores, const std::string& count) {
    return std::vector<Edit>{{count, ""}, {stores, "  __syncthreads();\n" + count + "\n" + stores}};
  };
  return {
      {"SimtWithoutABarrier", gemm, join, {barrier}},
      {"SimtCountsFirst", gemm, join,
       earlier("  float* const mine = part(own)",
               "  const auto others = static_cast<unsigned>(parts - 1);\n  if (threadIdx.x == 0) "
               "*flag = atomicInc(arrived, others);")},
      {"MmaWithoutABarrier", mma, join, {barrier}},
      {"StreamKWithoutABarrier", stream_k, join, {barrier}},
      {"ConvWithoutABarrier", conv, join, {barrier}},
      {"ColumnsWithoutABarrier",
       columns,
       "reduce/fold.cuh",
       {{"  __threadfence();\n  __syncthreads();\n  if", "  __threadfence();\n  if"}}},
      {"RowsCountFirst",
       rows,
       "reduce/rows.cuh",
       {{"    if (thread == 0) store_fold(mine + part, plane, reader.fold);\n    if "
         "(!arrives_last(arrived + row, parts)) return;",
         "    const bool last = arrives_last(arrived + row, parts);\n    if (thread == 0) "
         "store_fold(mine + part, plane, reader.fold);\n    if (!last) return;\n    "
         "__syncthreads();"}}},
  };
}

class MutationPublications : public testing::TestWithParam<Publication> {};

TEST_P(MutationPublications, AreWrong) {
  if (cpu::has_asan) GTEST_SKIP() << "under AddressSanitizer blocks run one after the other";
  const Publication& fault = GetParam();
  MutationFixture fixture;
  const auto verdicts =
      fixture.verdicts(fault.trial, {builtin_sources(), changed(fault.file, fault.edits)});
  EXPECT_EQ(verdicts[0].outcome, Outcome::ok) << verdicts[0].note;
  EXPECT_EQ(verdicts[1].outcome, Outcome::wrong_result)
      << name_of(verdicts[1].outcome) << " " << verdicts[1].note;
}

INSTANTIATE_TEST_SUITE_P(BetweenBlocks, MutationPublications, testing::ValuesIn(publications()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace tw
