#include "core/plan/job.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/catalog/catalog.h"
#include "core/lowering/baseline_job.h"
#include "core/lowering/lowering.h"
#include "unit/core/fixture.h"
#include "unit/support/own_problem.h"

namespace tw {
namespace {

using test::error_of, test::own_problem;

Job toy_job() {
  const Catalog catalog = test::toy_catalog();
  const OpEntry& entry = catalog.at("axpy");
  const Problem problem =
      parse_problem(entry.op, {"30x50,beta=0.1", "f32", "", "clamp(0,0.1),bias_column"});
  Job job;
  job.id = ~std::uint64_t{0};
  job.purpose = Purpose::race_round;
  job.problem = problem.key(entry.op);
  job.kernel = "simple";
  job.configuration = "threads=64 vector=true walk=backward";
  const std::vector<std::int64_t> configuration{64, 1, 1};
  job.plan = lower(catalog, entry.kernels[0], problem, emulated_device(90), configuration).plan;
  job.plan.program.headers["odd"] =
      std::string("\0\xff\xfe", 3);  // the text of others may have any bytes
  job.incumbent_ns = 12.5;
  job.limits.cold_l2 = false;
  job.seed = 1234567890123456789U;
  return job;
}

TEST(Job, RoundTrips) {
  const Job job = toy_job();
  const std::string bytes = serialise(job);
  const Job back = parse_job(bytes);
  EXPECT_EQ(serialise(back), bytes);  // everything that is written is also read
  EXPECT_EQ(back.id, job.id);
  EXPECT_EQ(back.seed, job.seed);
  EXPECT_EQ(back.purpose, Purpose::race_round);
  EXPECT_EQ(back.plan.program.headers, job.plan.program.headers);
  EXPECT_EQ(back.plan.launches[0].grid, job.plan.launches[0].grid);
  EXPECT_EQ(back.plan.launches[0].args[6].scalar, 0.1);
  EXPECT_EQ(back.plan.problem->epilogue_scalars, (std::vector<float>{0, 0.1F}));
  EXPECT_EQ(back.plan.problem->tensors[1].layout.strides,
            job.plan.problem->tensors[1].layout.strides);
  EXPECT_EQ(back.plan.workspaces[0].init, WorkspaceSpec::Init::zero_each);
  EXPECT_EQ(back.plan.problem->oracle.program.text, job.plan.problem->oracle.program.text);
  EXPECT_EQ(back.plan.problem->oracle.launches.at(0).args.size(),
            job.plan.problem->oracle.launches.at(0).args.size());
  EXPECT_FALSE(back.limits.cold_l2);
}

TEST(Job, TypesAndRangesOfTensorsRoundTrip) {
  Job job = toy_job();
  own_problem(job.plan).tensors[0].dtype = DType::u8;
  own_problem(job.plan).tensors[0].range = IntegerRange{3, 250};
  own_problem(job.plan).tensors[1].tolerance = 0x1p-40;
  const Job back = parse_job(serialise(job));
  EXPECT_EQ(back.plan.problem->storage, DType::f32);
  EXPECT_EQ(back.plan.problem->tensors[0].dtype, DType::u8);
  EXPECT_EQ(back.plan.problem->tensors[0].range, job.plan.problem->tensors[0].range);
  EXPECT_EQ(back.plan.problem->tensors[0].tolerance, std::nullopt);
  EXPECT_EQ(back.plan.problem->tensors[1].range, std::nullopt);
  EXPECT_EQ(back.plan.problem->tensors[1].tolerance, 0x1p-40);
}

TEST(Job, TensorMapsRoundTrip) {
  Job job = toy_job();
  PlanArg& arg = job.plan.launches[0].args[2];
  arg.kind = ArgSpec::Kind::tensor_map;
  const std::int64_t values[17] = {2, 9, 7, 8, 504, 56, 8, 1, 64, 8, -1, -2, -1, 0, 2, 1, 1};
  ASSERT_EQ(describe_im2col_map(arg.map, values, 4, 128, 16), nullptr);
  const Job back = parse_job(serialise(job));
  EXPECT_EQ(serialise(back), serialise(job));
  const TensorMapShape& map = back.plan.launches[0].args[2].map;
  EXPECT_EQ(map.rank, 4);
  EXPECT_TRUE(map.tf32 && map.im2col);
  EXPECT_EQ(map.extents[1], 7);    // columns
  EXPECT_EQ(map.strides[2], 224);  // bytes from row to row
  EXPECT_EQ(map.lower[0], -2);
  EXPECT_EQ(map.upper[1], -1);
  EXPECT_EQ(map.steps[1], 2);
  arg.map.box[0] = 4096;
  EXPECT_NE(error_of([&] { parse_job(serialise(job)); }).find("out of range"), std::string::npos);
}

TEST(Job, StructsRoundTrip) {
  Job job = toy_job();
  PlanArg& arg = job.plan.launches[0].args[2];
  arg.structure = 3;
  EXPECT_EQ(parse_job(serialise(job)).plan.launches[0].args[2].structure, 3);
  EXPECT_EQ(parse_job(serialise(job)).plan.launches[0].args[1].structure, 0);
  arg.kind = ArgSpec::Kind::epilogue;
  arg.index = 0;
  EXPECT_NE(error_of([&] { parse_job(serialise(job)); }).find("a struct"), std::string::npos);
}

TEST(Job, NumbersRoundTrip) {
  Job job = toy_job();
  PlanArg& arg = job.plan.launches[0].args[2];
  arg.kind = ArgSpec::Kind::number;
  arg.index = 0;
  arg.value = INT64_MIN + 0x0102;
  arg.bytes = 2;
  const PlanArg back = parse_job(serialise(job)).plan.launches[0].args[2];
  EXPECT_EQ(back.kind, ArgSpec::Kind::number);
  EXPECT_EQ(number_bytes(back), (std::vector<std::byte>{std::byte{2}, std::byte{1}}));
  for (const int bytes : {0, 3, 9}) {
    arg.bytes = bytes;
    EXPECT_NE(error_of([&] { parse_job(serialise(job)); }), "") << bytes;
  }
}

TEST(Job, ArraysOfPointersRoundTrip) {
  Job job = toy_job();
  own_problem(job.plan).tensors[1].by_pointers = true;
  job.plan.launches[0].args[2].kind = ArgSpec::Kind::pointers;
  const Job back = parse_job(serialise(job));
  EXPECT_EQ(serialise(back), serialise(job));
  EXPECT_TRUE(back.plan.problem->tensors[1].by_pointers);
  EXPECT_EQ(back.plan.launches[0].args[2].kind, ArgSpec::Kind::pointers);
  job.plan.launches[0].args[2].index = 2;
  EXPECT_NE(error_of([&] { parse_job(serialise(job)); }).find("an index"), std::string::npos);
}

TEST(Job, BaselineHasTensorsReferenceAndArguments) {
  const Catalog catalog = test::toy_catalog();
  const OpSpec& op = catalog.at("axpy").op;
  const Problem problem = parse_problem(op, {"30x50", "f32", "", "relu"});
  const Job job =
      parse_job(serialise(baseline_job(catalog, problem, emulated_device(90), op.baselines.at(0))));
  EXPECT_EQ(job.purpose, Purpose::baseline);
  EXPECT_EQ(job.kernel, "blas");
  EXPECT_EQ(job.baseline.call, "axpy");
  EXPECT_EQ(job.problem, "axpy f32 rows=30,columns=50 epilogue=relu");
  EXPECT_EQ(job.math, "f32");
  EXPECT_TRUE(job.without_epilogue);
  EXPECT_EQ(job.plan.problem->tensors.size(), 2U);
  ASSERT_EQ(job.baseline_args.size(), 5U);
  EXPECT_EQ(job.baseline_args[0].first, "alpha");
  EXPECT_EQ(job.baseline_args[1].first, "n");
  EXPECT_EQ(job.baseline_args[1].second.value, 1500);
  EXPECT_EQ(job.baseline_args[2].second.value, 1);  // packed
  ASSERT_EQ(job.plan.problem->oracle.kind, OraclePlan::Kind::reference);
  // The library does not apply the chain, so neither does its oracle.
  EXPECT_EQ(job.plan.problem->oracle.program.entries.at(0),
            "tw::axpy::reference<float, v0, tw::epilogue::Chain<>>");
}

TEST(Job, MeasurementRoundTrips) {
  Finished finished;
  finished.id = 7;
  finished.measurement.outcome = Outcome::wrong_result;
  finished.measurement.note = "y[3] = nan";
  finished.measurement.samples_ns = {1.5, 2e9, 0.1};
  finished.measurement.error_ulps = std::numeric_limits<double>::infinity();
  finished.measurement.registers = 255;
  finished.measurement.spill_bytes = 1LL << 40;
  finished.measurement.timer = "cupti";
  finished.measurement.metrics = {{"clock_mhz", 1980}, {"nan", std::nan("")}};
  const std::string bytes = serialise(finished);
  const Finished back = parse_finished(bytes);
  EXPECT_EQ(serialise(back), bytes);
  EXPECT_EQ(back.id, 7U);
  EXPECT_EQ(back.measurement.outcome, Outcome::wrong_result);
  EXPECT_EQ(back.measurement.samples_ns, finished.measurement.samples_ns);
  EXPECT_TRUE(std::isinf(back.measurement.error_ulps));
  EXPECT_TRUE(std::isnan(back.measurement.metrics.at("nan")));
}

TEST(Job, EveryTruncationIsAnError) {
  const std::string job = serialise(toy_job());
  for (std::size_t size = 0; size < job.size(); ++size) {
    EXPECT_THROW(parse_job(job.substr(0, size)), Error) << size;
  }
  EXPECT_THROW(parse_job(job + "x"), Error);
  const std::string finished = serialise(Finished{});
  for (std::size_t size = 0; size < finished.size(); ++size) {
    EXPECT_THROW(parse_finished(finished.substr(0, size)), Error) << size;
  }
}

TEST(Job, FlippedBytesNeverCrash) {
  const std::string whole = serialise(toy_job());
  std::mt19937_64 random(1);
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string bytes = whole;
    for (int flips = 0; flips <= i % 3; ++flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    refused += error_of([&] { parse_job(bytes); }).empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 500);  // most of a message is text, which may have any bytes
}

TEST(Job, HostileMessages) {
  EXPECT_THROW(parse_job(std::string(1000000, '\x81')), Error);  // arrays nested in arrays
  EXPECT_THROW(parse_job(std::string("\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 9)), Error);
  EXPECT_THROW(parse_job("\x01"), Error);
  EXPECT_THROW(parse_job(serialise(Finished{})), Error);
  EXPECT_THROW(parse_job(std::string((64U << 20) + 1, ' ')), Error);
}

TEST(Job, IndicesAndRangesAreChecked) {
  const auto refuses = [](const std::function<void(Job&)>& spoil) {
    Job job = toy_job();
    spoil(job);
    return !error_of([&] { parse_job(serialise(job)); }).empty();
  };
  EXPECT_FALSE(refuses([](Job&) {}));
  EXPECT_TRUE(refuses([](Job& job) { job.plan.launches[0].entry = 2; }));
  EXPECT_TRUE(refuses([](Job& job) { job.plan.launches[0].args[2].index = 2; }));
  EXPECT_TRUE(refuses([](Job& job) { job.plan.launches[0].args[8].index = -1; }));
  EXPECT_TRUE(refuses([](Job& job) { job.plan.launches[0].grid[1] = 0; }));
  EXPECT_TRUE(refuses([](Job& job) { own_problem(job.plan).tensors[0].layout.elements = 5; }));
  EXPECT_TRUE(
      refuses([](Job& job) { own_problem(job.plan).tensors[0].layout.strides.pop_back(); }));
  EXPECT_TRUE(refuses([](Job& job) { job.plan.workspaces[0].bytes = -1; }));
  EXPECT_TRUE(refuses([](Job& job) { own_problem(job.plan).align = 0; }));
  const auto refuses_range = [&](DType dtype, IntegerRange range) {
    return refuses([&](Job& job) {
      own_problem(job.plan).tensors[0].dtype = dtype;
      own_problem(job.plan).tensors[0].range = range;
    });
  };
  EXPECT_FALSE(refuses_range(DType::i8, {-128, 127}));
  EXPECT_TRUE(refuses_range(DType::i8, {-129, 127}));
  EXPECT_TRUE(refuses_range(DType::u8, {0, 256}));
  EXPECT_TRUE(refuses_range(DType::i32, {1, 0}));
  EXPECT_TRUE(refuses_range(DType::f32, {0, 1}));
}

}  // namespace
}  // namespace tw
