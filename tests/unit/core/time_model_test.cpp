// Forecasts, compared with times that follow from the constants and the device's limits.
#include "core/model/time_model.h"

#include <gtest/gtest.h>

#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/space/space.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

// 10 SMs of 1000 MHz. In a ns, an SM does 128 multiply-adds, 4 instructions, 128 bytes of shared
// memory and 64 bytes of L2.
DeviceInfo plain_device() {
  DeviceInfo device = emulated_device(90);
  device.sms = 10;
  device.sm_clock_mhz = 1000;
  device.threads_per_sm = 2048;
  device.regs_per_sm = 65536;
  device.smem_per_sm = 233472;
  device.blocks_per_sm = 32;
  device.memory_bandwidth = 1e12;
  device.tf32_flops = 2 * 10 * 1000e9;  // 1000 multiply-adds per SM and ns
  return device;
}

// With these constants the times do not hide each other at all. If only one time is not 0, the
// forecast is that time.
const ModelConstants plain{.fma = 1,
                           .tensor = 1,
                           .issue = 1,
                           .shared = 1,
                           .l2 = 1,
                           .dram = 1,
                           .warps = 0,
                           .round_ns = 100,
                           .step_ns = 10,
                           .launch_ns = 0,
                           .sharpness = 1};

// Returns what `ask` says of the model of axpy with `model`, 128 threads per block and `elements`
// elements.
template <class Ask>
auto asked_of(const Ask& ask, const std::string& model, int elements, const DeviceInfo& device,
              const ModelConstants& constants = plain,
              const std::string& launch = "smem = \"threads * 4\"", int finishing_blocks = 0) {
  Texts spaces = test::toy_spaces();
  std::string& kernel = spaces["axpy/simple.toml"];
  kernel = test::changed(kernel, "smem = \"threads * 4\"", launch);
  kernel = test::changed(kernel, "grid = [1]", "grid = [" + std::to_string(finishing_blocks) + "]");
  kernel += "[model]\n" + model;
  const Catalog catalog = Catalog::load(spaces, test::toy_sources());
  const OpEntry& entry = catalog.at("axpy");
  const Problem problem =
      parse_problem(entry.op, {.shape = "rows=1,columns=" + std::to_string(elements)});
  TimeModel time_model(entry.op, entry.kernels.front(), problem, device, constants);
  return ask(time_model, std::vector<std::int64_t>{128, 0, finishing_blocks > 0});
}

double forecast_ns(const std::string& model, int elements, const ModelConstants& constants = plain,
                   const std::string& launch = "smem = \"threads * 4\"", int finishing_blocks = 0) {
  const auto ask = [](TimeModel& of, const auto& configuration) {
    return of.time_ns(configuration);
  };
  return asked_of(ask, model, elements, plain_device(), constants, launch, finishing_blocks);
}

LeastTime least_time(const std::string& model, int elements,
                     const DeviceInfo& device = plain_device()) {
  const auto ask = [](TimeModel& of, const auto& configuration) {
    return of.least_time(configuration);
  };
  return asked_of(ask, model, elements, device);
}

TEST(TimeModel, EachQuantityTakesItsTime) {
  // 10 blocks, one per SM.
  EXPECT_DOUBLE_EQ(forecast_ns("fma = 1280000", 1280), 1000);
  EXPECT_DOUBLE_EQ(forecast_ns("tensor = 10000000", 1280), 1000);
  EXPECT_DOUBLE_EQ(forecast_ns("instructions = 40000", 1280), 1000);
  EXPECT_DOUBLE_EQ(forecast_ns("shared = 1280000", 1280), 1000);
  EXPECT_DOUBLE_EQ(forecast_ns("l2 = 640000", 1280), 1000);
  EXPECT_DOUBLE_EQ(forecast_ns("dram = 1000000", 1280), 1000);
  EXPECT_DOUBLE_EQ(forecast_ns("rounds = 7", 1280), 700);
  EXPECT_DOUBLE_EQ(forecast_ns("steps = 7", 1280), 70);
  EXPECT_DOUBLE_EQ(forecast_ns("fma = \"1000 * elements\"\nsteps = \"threads\"", 1280), 2280);
  EXPECT_DOUBLE_EQ(forecast_ns("fma = \"elements / (elements - 1280)\"", 1280), 0);  // no value
}

TEST(TimeModel, TheBusiestSMIsWhatIsWaitedFor) {
  // 11 blocks: one SM has two of them.
  EXPECT_DOUBLE_EQ(forecast_ns("fma = \"1000 * elements\"", 1408), 2000);
  // 30 units in 20 blocks: an SM has two blocks, with at most two units each.
  EXPECT_DOUBLE_EQ(forecast_ns("fma = \"1000 * elements\"\nunits = 30", 2560), 2000 * 4.0 / 3);
  // All SMs share the device memory and the L2's side towards it.
  EXPECT_DOUBLE_EQ(forecast_ns("dram = 1000000", 1408), 1000);
}

TEST(TimeModel, BlocksThatDoNotFitWait) {
  // Two blocks per SM: they run together if their registers or shared memory allow it.
  EXPECT_DOUBLE_EQ(forecast_ns("rounds = 7", 2560), 700);
  EXPECT_DOUBLE_EQ(forecast_ns("rounds = 7", 2560, plain, "smem = 200000"), 1400);
  EXPECT_DOUBLE_EQ(forecast_ns("rounds = 7\nregisters = 255", 2560), 700);
  EXPECT_DOUBLE_EQ(forecast_ns("rounds = 7\nregisters = 255", 1280 * 3), 1400);
}

TEST(TimeModel, TheLaunchWithTheMostSharedMemoryCounts) {
  const std::string smem = "smem = \"threads * 4\"";
  EXPECT_DOUBLE_EQ(forecast_ns("rounds = 7", 1280, plain, smem, 1), 700);
  EXPECT_DOUBLE_EQ(forecast_ns("rounds = 7", 1280, plain, smem, 1000000), 700);
}

TEST(TimeModel, FewWarpsHideLittle) {
  ModelConstants constants = plain;
  constants.warps = 8;
  // 4 warps per SM, then 8: half of what keeps its units busy, and all of it.
  EXPECT_DOUBLE_EQ(forecast_ns("fma = 1280000", 1280, constants), 1000 + 2000);
  EXPECT_DOUBLE_EQ(forecast_ns("fma = 1280000", 2560, constants), 1000 + 1000);
}

TEST(TimeModel, TheLongestTimeHidesOthers) {
  ModelConstants constants = plain;
  constants.sharpness = 2;
  constants.launch_ns = 500;
  EXPECT_DOUBLE_EQ(forecast_ns("fma = \"3 * 128000\"\ndram = 400000", 1280, constants), 500 + 500);
}

TEST(TimeModel, TheLeastTimeIsOfTheLargestLeastCount) {
  // 10 blocks, one per SM.
  const std::string counts = "fma = 1280000\nshared = 2560000\ninstructions = 1000000000\n";
  EXPECT_EQ(least_time(counts, 1280).ns, 0);
  EXPECT_DOUBLE_EQ(least_time(counts + "least = [\"fma\"]", 1280).ns, 1000);
  const LeastTime both = least_time(counts + "least = [\"fma\", \"shared\"]", 1280);
  EXPECT_DOUBLE_EQ(both.ns, 2000);
  EXPECT_EQ(both.reason, "what it moves through shared memory");
}

TEST(TimeModel, TheLeastTimeIsTheMeanOfTheSMsThatHaveABlock) {
  const std::string fma = "fma = 1280000\nleast = [\"fma\"]";
  EXPECT_DOUBLE_EQ(least_time(fma, 5 * 128).ns, 2000);
  EXPECT_DOUBLE_EQ(least_time(fma, 11 * 128).ns, 1000);  // two blocks may have nothing to do
}

TEST(TimeModel, TensorCoresAreBoundedWhereTheirRateIsKnown) {
  const std::string tensor = "tensor = 20480000\nleast = [\"tensor\"]";
  DeviceInfo device = plain_device();
  EXPECT_DOUBLE_EQ(least_time(tensor, 1280, device).ns, 2000);  // f32: 1024 a clock
  device.cc = 80;
  EXPECT_DOUBLE_EQ(least_time(tensor, 1280, device).ns, 4000);
  device.cc = 120;
  EXPECT_EQ(least_time(tensor, 1280, device).ns, 0);
  device.cc = 90;
  device.sm_clock_mhz = 0;
  EXPECT_EQ(least_time(tensor, 1280, device).ns, 0);
}

TEST(TimeModel, EveryModelOfTheBuiltinKernelsHasValues) {
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  const DeviceInfo device = emulated_device(90);
  int models = 0;
  for (const OpEntry& entry : catalog.ops()) {
    for (const KernelSpec& kernel : entry.kernels) {
      if (!kernel.model) continue;
      ++models;
      for (const std::string& shape : entry.op.edge_shapes) {
        const Problem problem = parse_problem(entry.op, {.shape = shape});
        const auto slots = slots_of(entry.op, kernel.names, problem, device);
        std::optional<SearchSpace> space;
        try {
          space = SearchSpace::enumerate(kernel, slots);
        } catch (const Error&) {
          continue;  // the kernel does not serve this problem
        }
        auto values = slots;
        const Configuration first = (*space)[0];
        std::copy(first.begin(), first.end(), values.begin() + kernel.first_knob);
        for (const Expr* expr :
             {&kernel.model->fma, &kernel.model->tensor, &kernel.model->instructions,
              &kernel.model->shared, &kernel.model->l2, &kernel.model->dram, &kernel.model->units,
              &kernel.model->rounds, &kernel.model->steps, &kernel.model->registers}) {
          const auto value = expr->evaluate(values);
          EXPECT_TRUE(value && *value >= 0)
              << entry.op.name << "/" << kernel.name << " " << shape << ": " << expr->text();
        }
      }
    }
  }
  EXPECT_GE(models, 4);
}

}  // namespace
}  // namespace tw
