#include "core/problem/problem.h"

#include <gtest/gtest.h>

#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

using test::error_of;

class ProblemTest : public ::testing::Test {
 protected:
  Catalog catalog_ = test::toy_catalog();
  const OpSpec& op_ = catalog_.at("axpy").op;

  Problem parse(const std::string& shape) const { return parse_problem(op_, {shape}); }
  std::string fault(const ProblemText& text) const {
    return error_of([&] { parse_problem(op_, text); });
  }
};

TEST_F(ProblemTest, FillsInDefaults) {
  const Problem problem = parse("rows=3,columns=5");
  EXPECT_EQ(problem.dims, (std::vector<std::int64_t>{3, 5, 5, 0}));
  EXPECT_EQ(problem.choices, std::vector<std::int64_t>{0});
  EXPECT_EQ(problem.scalars, (std::vector<double>{1, 0}));
  EXPECT_EQ(parse("rows=3,columns=5,order=padded").dims[2], 8);
  EXPECT_EQ(parse("3x5").dims, problem.dims);
  EXPECT_EQ(parse("3x5,pitch=7, beta=0.5").dims[2], 7);
}

TEST_F(ProblemTest, ShapeIsWhatDiffersFromTheDefaults) {
  EXPECT_EQ(parse("columns=5,rows=3,pitch=5,pad=0").shape(op_), "rows=3,columns=5");
  const std::string shape = "rows=3,columns=5,pitch=9,pad=2,order=padded,alpha=-1.5,beta=0.1";
  EXPECT_EQ(parse(shape).shape(op_), shape);
}

TEST_F(ProblemTest, KeyRoundTrips) {
  const std::vector<std::pair<ProblemText, std::string>> cases{
      {{"3x5"}, "axpy f32 rows=3,columns=5"},
      {{"3x5,beta=1"}, "axpy f32 rows=3,columns=5 beta=1"},
      {{"3x5,alpha=0.25,beta=7"}, "axpy f32 rows=3,columns=5 alpha=other,beta=other"},
      {{"3x5,alpha=0", "bf16"}, "axpy bf16 rows=3,columns=5 alpha=0"},
      {{"3x5,order=padded,pitch=9", "f32", "f32", "bias_column,clamp(0,3)", 4},
       "axpy f32 rows=3,columns=5,pitch=9,order=padded epilogue=bias_column,clamp align=4"}};
  for (const auto& [text, key] : cases) {
    EXPECT_EQ(parse_problem(op_, text).key(op_), key);
    EXPECT_EQ(problem_from_key(op_, key).key(op_), key);
  }
}

TEST(Problem, ADimCanBeInEveryKey) {
  Texts spaces = test::toy_spaces();
  spaces["axpy/op.toml"] =
      test::changed(test::toy_op, "min = 0\ndefault = 0", "min = 0\ndefault = 0\nin_key = true");
  const Catalog catalog = Catalog::load(spaces, test::toy_sources());
  const OpSpec& op = catalog.at("axpy").op;
  const Problem problem = parse_problem(op, {"3x5"});
  EXPECT_EQ(problem.key(op), "axpy f32 rows=3,columns=5,pad=0");
  EXPECT_EQ(problem_from_key(op, problem.key(op)).dims, problem.dims);
}

// The values of a problem give the problem again, and defaults follow the dims that they read.
TEST_F(ProblemTest, AShapeIsSetByValue) {
  Problem problem = parse("3x5,order=padded,pitch=9,beta=0.25");
  ShapeValues values = shape_values(op_, problem);
  EXPECT_EQ(values.dims, (std::vector<std::optional<std::int64_t>>{3, 5, 9, std::nullopt}));
  Problem same = problem;
  same.dims = {1, 1, 1, 1};
  same.choices = {0};
  same.scalars = {7, 7};
  ASSERT_FALSE(set_shape(op_, values, same));
  EXPECT_EQ(same.key(op_), problem.key(op_));
  EXPECT_EQ(same.scalars, problem.scalars);
  values = shape_values(op_, parse("3x5"));
  EXPECT_EQ(values.dims,
            (std::vector<std::optional<std::int64_t>>{3, 5, std::nullopt, std::nullopt}));
  values.dims[1] = 8;
  ASSERT_FALSE(set_shape(op_, values, problem));
  EXPECT_EQ(problem.dims, (std::vector<std::int64_t>{3, 8, 8, 0}));
}

TEST_F(ProblemTest, AShapeThatTheOpRefusesIsAReason) {
  const auto refusal = [&](const std::string& shape, std::size_t dim,
                           std::optional<std::int64_t> value) {
    ShapeValues values = parse_shape(op_, shape);
    values.dims[dim] = value;
    Problem problem;
    problem.op = op_.name;
    const auto refused = set_shape(op_, values, problem);
    return refused ? refused->reason : "";
  };
  EXPECT_EQ(refusal("3x5", 1, 6), "");
  EXPECT_TRUE(refusal("3x5", 1, std::nullopt).starts_with("dim columns of op axpy ("));
  EXPECT_TRUE(refusal("3x5", 0, 0).starts_with("rows=0: dim rows of op axpy must be from 1 to "));
  EXPECT_NE(refusal("3x5", 2, 4).find("it must hold that the pitch covers a row"),
            std::string::npos);
  EXPECT_EQ(refusal("rows=1000000,columns=5", 1, 2000000000),
            "tensor x would have more than 2^40 elements: use a smaller shape");
}

TEST_F(ProblemTest, MalformedKeysAreErrors) {
  for (const char* key : {"", "axpy", "gemm f32 3x5", "axpy f32 rows=3",
                          "axpy f32 rows=3,columns=5 x", "axpy f32 rows=3,columns=5 align=5",
                          "axpy f33 rows=3,columns=5", "axpy f32 rows=3,columns=5 epilogue=relo"}) {
    EXPECT_NE(error_of([&] { problem_from_key(op_, key); }), "") << key;
  }
}

TEST_F(ProblemTest, BadShapesNameTheRemedy) {
  const auto expect = [&](const ProblemText& text, const std::string& part) {
    EXPECT_NE(fault(text).find(part), std::string::npos) << text.shape << " gave: " << fault(text);
  };
  expect({"rows=1"}, "dim columns of op axpy () is missing: add columns=...");
  expect({""}, "dim rows of op axpy (rows of x and y) is missing");
  expect({"row=1,columns=2"}, "no dim, choice or scalar 'row': did you mean 'rows'?");
  expect({"rows=1,rows=2,columns=2"}, "'rows' is given twice");
  expect({"3x5,rows=3"}, "'rows' is given twice");
  expect({"rows=0,columns=2"}, "rows=0: dim rows of op axpy must be from 1 to 1000000");
  expect({"rows=-1,columns=2"}, "must be from 1 to");
  expect({"rows=1000001,columns=2"}, "must be from 1 to 1000000");
  expect({"rows=1,columns=99999999999999999999999"}, "must be from 1 to 2147483647");
  expect({"rows=4k,columns=2"}, "'4k' is not a number");
  expect({"rows=,columns=2"}, "'' is not a number");
  expect({"rows=1.5,columns=2"}, "is not a number");
  expect({"3x5x7"}, "has 3 of the 2 dims of op axpy: give rowsxcolumns");
  expect({"3x5,columns"}, "'columns' is not name=value");
  expect({"3x5,"}, "'' is not name=value");
  expect({"3x5,order=sorted"}, "order is one of packed, padded");
  expect({"3x5,beta=inf"}, "'inf' is not a finite number");
  expect({"3x5", "f16"}, "op axpy has no dtype 'f16'");
  expect({"3x5", "f32", "tf32"}, "math 'tf32' is not there for op axpy on f32: use f32");
  expect({"3x5", "f32", "", "sigmoid"}, "op axpy has no epilogue step 'sigmoid'");
  expect({"3x5", "f32", "", "relu,max"}, "op axpy has no epilogue reduction 'max'");
  expect({"3x5", "f32", "", "", 2}, "align 2: use 2, 4, 8 or 16 bytes, at least the 4 of f32");
  expect({"3x5,pitch=4"}, "it must hold that the pitch covers a row");
  expect({"rows=1000000,columns=2000000000"}, "more than 2^40 elements");
}

TEST_F(ProblemTest, AReductionChangesTheOutputsShape) {
  Texts spaces = test::toy_spaces();
  spaces["axpy/op.toml"] = test::toy_reducing_op();
  const Catalog catalog = Catalog::load(spaces, test::toy_sources());
  const OpSpec& op = catalog.at("axpy").op;
  const auto parse_chain = [&](const std::string& shape, const std::string& epilogue) {
    return parse_problem(op, {shape, "f32", "", epilogue});
  };
  const Problem reduced = parse_chain("3x5", "relu,max"), plain = parse_chain("3x5", "relu");
  EXPECT_EQ(reduced.dims[2], 1);
  EXPECT_EQ(plain.dims[2], 5);
  EXPECT_EQ(reduced.key(op), "axpy f32 rows=3,columns=5 epilogue=relu,max");
  EXPECT_EQ(problem_from_key(op, reduced.key(op)).dims, reduced.dims);
  const TensorLayout y = layout_of(op.tensors[1], slots_of(op, op.names, reduced, {}));
  EXPECT_EQ(y.shape, (std::vector<std::int64_t>{3, 1}));
  EXPECT_EQ(layout_of(op.tensors[1], slots_of(op, op.names, plain, {})).elements, 15);

  const auto expect = [&](const std::string& shape, const std::string& epilogue,
                          const std::string& message) {
    EXPECT_EQ(error_of([&] { parse_chain(shape, epilogue); }), message);
  };
  expect("3x5,beta=0.5", "max",
         "beta=0.5: with the reduction max there is no y to add: leave beta at 0");
  expect("3x5", "logsumexp", "op axpy has no epilogue reduction 'logsumexp': known are max, sum");
  expect("3x5", "max,relu", "epilogue 'max,relu': relu follows the reduction max: put max last");
  EXPECT_EQ(error_of([&] { parse_chain("3x5,beta=0.5", "relu"); }), "");
}

TEST_F(ProblemTest, TensorsOfPaddedRows) {
  const Problem problem = parse("3x5,pitch=9");
  const TensorLayout y = layout_of(op_.tensors[1], slots_of(op_, op_.names, problem, {}));
  EXPECT_EQ(y.shape, (std::vector<std::int64_t>{3, 5}));
  EXPECT_EQ(y.strides, (std::vector<std::int64_t>{9, 1}));
  EXPECT_EQ(y.elements, 2 * 9 + 5);
  const TensorLayout x = layout_of(op_.tensors[0], slots_of(op_, op_.names, problem, {}));
  EXPECT_EQ(x.strides, (std::vector<std::int64_t>{5, 1}));  // dense by default
  EXPECT_EQ(x.elements, 15);
}

TEST_F(ProblemTest, MemoryCountsTheOracle) {
  const Problem problem = parse("10x10");
  // x, y, and y's pristine copy in fp32. Expected and magnitude in fp64, for two sets of inputs.
  EXPECT_EQ(check_memory(op_, problem, {}), 100 * (4 + 4 + 4 + 2 * 16));
  DeviceInfo device;
  device.model = "small";
  device.memory_bytes = 4399;
  const std::string fault = error_of([&] { check_memory(op_, problem, device); });
  EXPECT_NE(fault.find("but small has"), std::string::npos) << fault;
  EXPECT_NE(fault.find("GiB: use a smaller shape"), std::string::npos) << fault;
  device.memory_bytes = 4400;
  EXPECT_EQ(check_memory(op_, problem, device), 4400);
}

TEST_F(ProblemTest, RooflineTakesTheHigherRoof) {
  const Problem problem = parse("1000x1000");
  EXPECT_EQ(flops_of(op_, problem, {}), 2e6);
  EXPECT_EQ(bytes_of(op_, problem, {}), 8e6);
  EXPECT_EQ(roofline_ns(op_, problem, {}), 0);
  DeviceInfo device;
  device.f32_flops = 1e12;
  EXPECT_DOUBLE_EQ(roofline_ns(op_, problem, device), 2e3);
  device.tf32_flops = 6e12;  // now three TF32 products are faster
  EXPECT_DOUBLE_EQ(roofline_ns(op_, problem, device), 1e3);
  device.memory_bandwidth = 1e12;
  EXPECT_DOUBLE_EQ(roofline_ns(op_, problem, device), 8e3);
  device.l2_bytes = 8000000;  // the problem fits: memory sets no limit
  EXPECT_DOUBLE_EQ(roofline_ns(op_, problem, device), 1e3);
}

}  // namespace
}  // namespace tw
