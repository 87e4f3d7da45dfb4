// A verification must notice small faults of a kernel. Each test plants one fault in a kernel and
// expects a failing verdict; the unchanged kernel passes. Faults of arithmetic give nearly right
// results and test the tolerance. Faults of access read values that are dropped and test the memory
// around tensors.
#include <gtest/gtest.h>

#include <ostream>

#include "core/catalog/catalog.h"
#include "devices/cpu/emulation/sanitizer.h"
#include "unit/verdict/mutation_fixture.h"

namespace tw {
namespace {

struct Fault {
  std::string name;
  Trial trial;
  std::string file, before, after;
  bool needs_asan = false;  // only AddressSanitizer detects it
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }
std::string name_of_fault(const testing::TestParamInfo<Fault>& info) { return info.param.name; }

// Floats rounded towards zero, and to nearest, to bf16 or f16, which keep 8 and 11 bits.
std::string cut_to_bf16(const std::string& value) {
  return "__uint_as_float(__float_as_uint(" + value + ") & 0xffff0000u)";
}
std::string cut_to_f16(const std::string& value) {
  return "__uint_as_float(__float_as_uint(" + value + ") & 0xffffe000u)";
}
std::string as_bf16(const std::string& value) {
  return "__uint_as_float((__float_as_uint(" + value + ") + 0x8000u) & 0xffff0000u)";
}
std::string as_f16(const std::string& value) {
  return "__uint_as_float((__float_as_uint(" + value + ") + 0x1000u) & 0xffffe000u)";
}

std::vector<Fault> results_of_gemm() {
  const Trial split{"gemm", "simt", "f32", "m=16,n=24,k=512", "", "split_k=4"};
  const Trial split_mma{"gemm", "mma", "bf16", "m=16,n=16,k=2048", "", "split_k=4"};
  return {
      {"SimtLastTerm",
       {"gemm", "simt", "f32", "m=16,n=24,k=516", "", ""},
       "gemm/simt.cuh",
       "first_depth = begin == 0 ? leftover : kDepth;",
       "first_depth = begin == 0 ? leftover - 1 : kDepth;"},
      {"SimtHalfWideJoin", split, "common/join_parts.cuh", "sums[1] += read.y;",
       "sums[1] = " + as_f16("sums[1] + read.y") + ";"},
      {"SimtLastTileOfASlice", split, "gemm/simt.cuh", "tiles = end - begin;",
       "tiles = end - begin - (slice == kSlices - 1 ? 1 : 0);"},
      {"SimtBetaTwice",
       {"gemm", "simt", "f32", "m=16,n=22,k=45,beta=0.5,alpha=-1.5", "", ""},
       "gemm/simt_store.cuh",
       "beta * old.at[j])",
       "beta * beta * old.at[j])"},
      {"MmaTruncation",
       {"gemm", "mma", "bf16", "m=24,n=40,k=128", "", ""},
       "common/convert.cuh",
       "packed<T>(values[2 * i], values[2 * i + 1])",
       "packed<T>(" + cut_to_bf16("values[2 * i]") + ", " + cut_to_bf16("values[2 * i + 1]") + ")"},
      {"MmaTruncationToHalf",
       {"gemm", "mma", "f16", "m=24,n=40,k=1024", "", ""},
       "common/convert.cuh",
       "packed<T>(values[2 * i], values[2 * i + 1])",
       "packed<T>(" + cut_to_f16("values[2 * i]") + ", values[2 * i + 1])"},
      {"MmaOperandsNotRounded",
       {"gemm", "mma", "f32", "m=61,n=67,k=31,layout=nt", "", "", "tf32"},
       "gemm/mma_fragment.cuh",
       "word = tf32_operand(__uint_as_float(word));",
       "word += 0;"},
      {"MmaNeighboursSwapped",
       {"gemm", "mma", "f16", "m=24,n=40,k=1024", "", ""},
       "common/convert.cuh",
       "packed<T>(values[2 * i], values[2 * i + 1])",
       "packed<T>(values[2 * i + 1], values[2 * i])"},
      {"MmaHalfWideJoin", split_mma, "common/join_parts.cuh", "sums[2] += read.z;",
       "sums[2] = " + as_bf16("sums[2] + read.z") + ";"},
      {"MmaLastWorkerOfAJoin", split_mma, "common/join_parts.cuh", "p < parts; ++p) {\n    const",
       "p < parts - 1; ++p) {\n    const"},
      {"MmaLastStepOfALogSumExp",
       {"gemm", "mma", "bf16", "m=6,n=2100,k=16", "logsumexp", ""},
       "gemm/mma_results.cuh",
       "epilogue::join_lanes<32>(mine);",
       "epilogue::join_lanes<16>(mine);"},
  };
}

std::vector<Fault> results_of_conv2d() {
  const Trial deep{"conv2d", "implicit_gemm", "bf16", "n=1,c=456,h=3,w=4,k=8,r=3,s=3,pad=1",
                   "",       "split_k=4"};
  return {
      {"DirectTruncation",
       {"conv2d", "direct", "bf16", "n=1,c=57,h=4,w=6,k=8,r=3,s=3,pad=1", "", ""},
       "conv2d/direct_store.cuh",
       "stage_pair(staging + (row * G::kStagingPitch + column), pair[0], pair[1]);",
       "stage_pair(staging + (row * G::kStagingPitch + column), " + cut_to_bf16("pair[0]") +
           ", pair[1]);"},
      {"DirectLastChannelOfTheLastTap",
       {"conv2d", "direct", "f32", "n=1,c=57,h=4,w=6,k=8,r=3,s=3,pad=1", "", ""},
       "conv2d/direct_copy.cuh",
       "real[j] = tap.real && channel < shape.depth();",
       "real[j] = tap.real && channel < shape.depth() - (tap.row * shape.s + tap.column == taps - "
       "1);"},
      {"DirectWeightsTruncated",
       {"conv2d", "direct", "f32", "n=1,c=57,h=4,w=6,k=8,r=3,s=3,pad=1", "", ""},
       "conv2d/products.cuh",
       "mma_m16n8k8(part[m], small[m], b_big);",
       ";"},
      {"ImplicitHalfWideJoin", deep, "common/join_parts.cuh", "sums[1] += read.y;",
       "sums[1] = " + as_bf16("sums[1] + read.y") + ";"},
      {"ImplicitLastTileOfASlice", deep, "conv2d/implicit_gemm.cuh",
       "run<G>(sums, shared, copier, end - first, shape);",
       "run<G>(sums, shared, copier, end - first - (slice == 3), shape);"},
      {"SimtLastChannelOfTheLastRow",
       {"conv2d", "simt", "bf16", "n=1,c=128,h=3,w=4,k=4,r=3,s=3,pad=1", "", ""},
       "conv2d/simt.cuh",
       "channel < depth; ++channel)",
       "channel < depth - (i == shape.r - 1); ++channel)"},
      {"SimtTruncation",
       {"conv2d", "simt", "f16", "n=1,c=57,h=4,w=6,k=4,r=3,s=3,pad=1", "", ""},
       "conv2d/simt.cuh",
       "Epilogue::template apply<T>(\n              sums[f][i], epilogue,",
       "Epilogue::template apply<T>(\n              " + cut_to_f16("sums[f][i]") + ", epilogue,"},
  };
}

std::vector<Fault> results_of_conv_transpose2d() {
  const Trial deep{"conv_transpose2d",
                   "phases",
                   "bf16",
                   "n=1,c=512,h=2,w=4,k=4,r=3,stride=2,pad=1,output_pad=1",
                   "",
                   ""};
  Trial floats = deep;
  floats.dtype = "f32";
  Trial tf32 = floats;
  tf32.math = "tf32";
  return {
      {"WeightsNotRounded", tf32, "conv_transpose2d/phases_weights.cuh",
       "return G::knobs.passes == 1 ? to_tf32(*from)", "return false ? to_tf32(*from)"},
      {"Truncation", deep, "conv_transpose2d/phases_store.cuh",
       "to[distance(e)] = from_float<T>(values[e]);",
       "to[distance(e)] = from_float<T>(" + cut_to_bf16("values[e]") + ");"},
      {"PixelsSwapped", deep, "conv_transpose2d/phases_store.cuh",
       "run[e] = sums[e % knobs.phases][i / 2][j][i % 2 * 2 + e / knobs.phases];",
       "run[e] = sums[e % knobs.phases][i / 2][j][i % 2 * 2 + 1 - e / knobs.phases];"},
      {"LastStepOfAChunk", floats, "conv_transpose2d/phases_input.cuh",
       "chunks_ = (weights.steps - 1) / kSteps + 1;",
       "chunks_ = max(1, (weights.steps - 1) / kSteps);"},
      {"HalfWideSums", floats, "conv_transpose2d/phases.cuh", "sums[i][j][e] += products[j][e];",
       "sums[i][j][e] = " + as_f16("sums[i][j][e] + products[j][e]") + ";"},
      {"OneProductOfThree", floats, "conv_transpose2d/phases.cuh",
       "mma_step<T>(products[j], big, pixels.small[j]);", ";"},
  };
}

std::vector<Fault> results_of_reduce() {
  const auto rows = [](const std::string& dtype, const std::string& operation,
                       const std::string& extent, const std::string& knobs = "") {
    return Trial{"reduce", "rows", dtype, "outer=16,extent=" + extent + ",operation=" + operation,
                 "",       knobs};
  };
  return {
      {"MinFromZero", rows("f32", "min", "67"), "reduce/fold.cuh", "float word[1] = {infinity()};",
       "float word[1] = {0};"},
      {"MaxFromZero", rows("bf16", "max", "67"), "reduce/fold.cuh",
       "float word[1] = {-infinity()};", "float word[1] = {0};"},
      {"LastStepOfALogSumExp", rows("bf16", "logsumexp", "301"), "reduce/fold.cuh",
       "for (int mask = kLanes / 2; mask > 0; mask /= 2) fold.merge",
       "for (int mask = kLanes / 2; mask > 1; mask /= 2) fold.merge"},
      {"MeanOfOneMore", rows("f16", "mean", "301"), "reduce/fold.cuh",
       "word[0] / static_cast<float>(count)", "word[0] / static_cast<float>(count + 1)"},
      {"LastElement", rows("bf16", "sum", "4099", "vector=4"), "reduce/rows.cuh",
       "part == 0 && at < tail ?", "part == 0 && at < tail - 1 ?"},
      {"LastPartOfAJoin", rows("f16", "sum", "4099", "blocks_per_sm=1"), "reduce/rows.cuh",
       "for (int i = thread; i < parts; i += knobs.threads) {",
       "for (int i = thread; i < parts - 1; i += knobs.threads) {"},
      {"ColumnsHalfWide",
       {"reduce", "columns", "bf16", "outer=1,extent=1024,inner=8,operation=sum", "", ""},
       "reduce/fold.cuh",
       "word[0] += sum_of(values);",
       "word[0] = " + as_bf16("word[0] + sum_of(values)") + ";"},
  };
}

std::vector<Fault> results_of_softmax() {
  const std::string wide = "rows=3,columns=520,ldx=521,ldy=537";
  return {
      {"RegistersHalfWide",
       {"softmax", "registers", "f32", wide, "", ""},
       "softmax/registers.cuh",
       "state.sum += sum_of(values);",
       "state.sum = " + as_f16("state.sum + sum_of(values)") + ";"},
      {"NoMaximum",
       {"softmax", "registers", "f32", wide, "", ""},
       "softmax/row.cuh",
       "top = fmaxf(top, values[i]);\n  return top;",
       ";\n  return 0.0f;"},
      {"LastStepOfAJoin",
       {"softmax", "shared", "bf16", "rows=2,columns=4099,operation=log_softmax", "", ""},
       "softmax/row.cuh",
       "for (int mask = kWarps / 2; mask > 0; mask /= 2)",
       "for (int mask = kWarps / 2; mask > 1; mask /= 2)"},
      {"LastPartOfAJoin",
       {"softmax", "split", "bf16", "rows=2,columns=4096,operation=log_softmax", "", ""},
       "softmax/split.cuh",
       "for (int i = thread % 32; i < parts; i += 32)",
       "for (int i = thread % 32; i < parts - 1; i += 32)"},
      {"Truncation",
       {"softmax", "shared", "bf16", "rows=3,columns=520", "", ""},
       "softmax/row.cuh",
       "values[i] = Epilogue::template apply<T>(normalize(values[i]), epilogue,",
       "values[i] = Epilogue::template apply<T>(" + cut_to_bf16("normalize(values[i])") +
           ", epilogue,"},
  };
}

std::vector<Fault> results_of_activation() {
  return {
      {"Truncation",
       {"activation", "stream", "f16", "rows=5,columns=129", "gelu", ""},
       "activation/stream.cuh",
       "return narrow<T>(values);",
       "for (float& value : values) value = " + cut_to_f16("value") +
           ";\n    return narrow<T>(values);"},
      {"HalfWide",
       {"activation", "stream", "f32", "rows=5,columns=129", "silu", ""},
       "activation/stream.cuh",
       "return narrow<T>(values);",
       "for (float& value : values) value = " + as_f16("value") +
           ";\n    return narrow<T>(values);"},
      {"BiasOfANeighbour",
       {"activation", "stream", "bf16", "rows=5,columns=130,ldx=132,ldy=132", "bias_column",
        "vector=2"},
       "activation/stream.cuh",
       "apply<T>(values[i], epilogue, point(at + i))",
       "apply<T>(values[i], epilogue, point(at + kCount - 1 - i))"},
      {"OfWhatIsRounded",
       {"activation", "stream", "bf16", "rows=5,columns=129", "scale(3)", ""},
       "activation/stream.cuh",
       "apply<T>(values[i], epilogue, point(at + i))",
       "apply<T>(values[i] * 1.01f, epilogue, point(at + i))"},
  };
}

// Returns faults that read values which are dropped.
std::vector<Fault> reads() {
  return {
      {"RowsOfReduce",
       {"reduce", "rows", "f32", "outer=3,extent=513,operation=sum", "", "vector=1 unroll=4"},
       "reduce/rows.cuh",
       "if (i * kStep < left) values[i] = load_vector",
       "values[i] = load_vector"},
      {"ColumnsOfReduce",
       {"reduce", "columns", "f32", "outer=1,extent=301,inner=8,operation=max", "", ""},
       "reduce/columns.cuh",
       "if (G::kRows * i < left) stored[i] =",
       "stored[i] ="},
      {"GemmsOldC",
       {"gemm", "simt", "f32", "m=33,n=65,k=17,beta=0.5", "", ""},
       "gemm/simt_store.cuh",
       "if (j < n - at.column) old.at[j] = c[j];",
       "old.at[j] = c[j];"},
      {"RegistersOfSoftmax",
       {"softmax", "registers", "f32", "rows=3,columns=520", "", ""},
       "softmax/registers.cuh",
       "if (i * knobs.row_threads < count) stored[i] =",
       "stored[i] ="},
      {"CopiesOfSoftmax",
       {"softmax", "shared", "f32", "rows=3,columns=520", "", ""},
       "softmax/shared.cuh",
       "cp_async_if<16>(at < row.vectors, B::slot(i),",
       "cp_async_if<16>(true, B::slot(i),"},
      {"FiltersOfConv2d",
       {"conv2d", "simt", "f32", "n=1,c=5,h=7,w=9,k=3,r=3,s=3", "", "filters=4"},
       "conv2d/simt.cuh",
       "factor[f] = f < item.filters ? to_float(*from) : 0.0f;",
       "factor[f] = to_float(*from);"},
      {"WeightsOfDirect",
       {"conv2d", "direct", "f32", "n=1,c=5,h=7,w=9,k=3,r=3,s=3", "", ""},
       "conv2d/direct_copy.cuh",
       "if (real[e] && filter < filters.count) {\n          packed |= word_of<G>(from[e][filter * "
       "per_filter])",
       "if (const T word = from[e][filter * per_filter]; real[e] && filter < filters.count) {\n"
       "          packed |= word_of<G>(word)"},
      {"WindowsOfConv2d",
       {"conv2d", "simt", "f32", "n=1,c=5,h=7,w=9,k=3,r=3,s=3,pad=1", "", ""},
       "conv2d/simt.cuh",
       "inside ? to_float(row.x[static_cast<long long>(at) * row.x_column]) : 0.0f;",
       "(inside ? 1.0f : 0.0f) * *const_cast<const volatile T*>(&row.x[static_cast<long long>(at) "
       "* row.x_column]);",
       true},
  };
}

class MutationResults : public testing::TestWithParam<Fault> {};

TEST_P(MutationResults, AreWrong) {
  const Fault& fault = GetParam();
  MutationFixture fixture;
  const auto verdicts = fixture.verdicts(
      fault.trial, {builtin_sources(), changed(fault.file, fault.before, fault.after)});
  EXPECT_EQ(verdicts[0].outcome, Outcome::ok) << verdicts[0].note;
  EXPECT_EQ(verdicts[1].outcome, Outcome::wrong_result)
      << name_of(verdicts[1].outcome) << " " << verdicts[1].note << ", error "
      << verdicts[1].error_ulps << ", without the fault " << verdicts[0].error_ulps;
}

INSTANTIATE_TEST_SUITE_P(Gemm, MutationResults, testing::ValuesIn(results_of_gemm()),
                         name_of_fault);
INSTANTIATE_TEST_SUITE_P(Conv2d, MutationResults, testing::ValuesIn(results_of_conv2d()),
                         name_of_fault);
INSTANTIATE_TEST_SUITE_P(ConvTranspose2d, MutationResults,
                         testing::ValuesIn(results_of_conv_transpose2d()), name_of_fault);
INSTANTIATE_TEST_SUITE_P(Reduce, MutationResults, testing::ValuesIn(results_of_reduce()),
                         name_of_fault);
INSTANTIATE_TEST_SUITE_P(Softmax, MutationResults, testing::ValuesIn(results_of_softmax()),
                         name_of_fault);
INSTANTIATE_TEST_SUITE_P(Activation, MutationResults, testing::ValuesIn(results_of_activation()),
                         name_of_fault);

class MutationReads : public testing::TestWithParam<Fault> {};

TEST_P(MutationReads, AreFaults) {
  const Fault& fault = GetParam();
  if (fault.needs_asan && !cpu::has_asan) GTEST_SKIP() << "AddressSanitizer alone sees it";
  MutationFixture fixture;
  const auto verdicts = fixture.verdicts(
      fault.trial, {builtin_sources(), changed(fault.file, fault.before, fault.after)});
  EXPECT_EQ(verdicts[0].outcome, Outcome::ok) << verdicts[0].note;
  EXPECT_EQ(verdicts[1].outcome, Outcome::faulted) << verdicts[1].note;
  const std::string what = cpu::has_asan ? "AddressSanitizer" : "read outside of ";
  EXPECT_EQ(verdicts[1].note.substr(0, what.size()), what) << verdicts[1].note;
}

INSTANTIATE_TEST_SUITE_P(OutsideOfTensors, MutationReads, testing::ValuesIn(reads()),
                         name_of_fault);

}  // namespace
}  // namespace tw
