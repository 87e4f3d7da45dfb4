// The measured code is the shipped code: NVRTC, with which the tuner compiles, and nvcc, with which
// a user compiles an emitted header, produce the same code for a kernel. Needs the toolkit, but no
// GPU.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/space/space.h"
#include "devices/cuda/protocol/platform.h"
#include "devices/gpu/compile/compile_pool.h"
#include "unit/conformance/sample.h"

namespace tw::gpu {
namespace {

constexpr int samples = 2;
constexpr std::uint64_t seed = 90;
constexpr int cc = 90;

// Returns what ptxas -v reports for each kernel: "0 bytes spill stores, 216 registers". Registers
// are rounded up to the units of eight in which a GPU gives them to threads. The result is sorted,
// because the compilers write several kernels in different orders.
std::vector<std::string> usage_of(const std::string& log) {
  std::vector<std::string> usage;
  std::string spills;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t stores = line.find(" bytes spill stores");
    if (stores != std::string::npos) spills = line.substr(line.rfind(' ', stores - 1) + 1);
    const std::size_t used = line.find("Used ");
    const std::size_t registers = line.find(" registers", used);
    if (used == std::string::npos || registers == std::string::npos) continue;
    const int count = std::stoi(line.substr(used + 5, registers - used - 5));
    usage.push_back(fmt::format("{}, {} registers", spills, (count + 7) / 8 * 8));
  }
  std::sort(usage.begin(), usage.end());
  return usage;
}

std::string with_nvrtc(CompilePool& pool, const Program& program) {
  pool.submit(1, {program, architecture_of(cc), {"--ptxas-options=-v"}});
  while (true) {
    for (const CompilePool::Result& result : pool.advance()) return result.compiled.log;
    std::vector<int> descriptors;
    pool.add_descriptors(descriptors);
    wait_any(descriptors, pool.next_deadline());
  }
}

std::string with_nvcc(const std::filesystem::path& folder, const Program& program) {
  std::filesystem::remove_all(folder);
  for (const auto& [path, text] : program.headers) {
    std::filesystem::create_directories((folder / path).parent_path());
    std::ofstream(folder / path) << text;
  }
  std::string text = program.text;
  for (const std::string& entry : program.entries) {  // as a launch names it
    text += fmt::format("\nauto* const use_{} = &{};\n", text.size(), entry);
  }
  std::ofstream(folder / "program.cu") << text;
  const std::string command = fmt::format(
      "'{0}' -std=c++17 -gencode arch=compute_{1},code=sm_{1} -cubin -Xptxas -v -I'{2}' "
      "'{2}/program.cu' -o '{2}/program.cubin' 2>&1",
      TW_NVCC, architecture_of(cc).substr(3), folder.string());
  std::string log;
  std::FILE* const output = popen(command.c_str(), "r");
  std::array<char, 4096> part{};
  while (std::fgets(part.data(), part.size(), output) != nullptr) log += part.data();
  if (pclose(output) != 0) log += "\nfailed: " + command;
  return log;
}

// Returns the shape of the op's example, and after it the op's edge shapes with each choice.
std::vector<std::string> shapes_of(const OpSpec& op) {
  const std::string flag = "--shape ";
  const std::size_t at = op.example.find(flag) + flag.size();
  std::vector<std::string> shapes{op.example.substr(at, op.example.find(' ', at) - at)};
  for (const std::string& edge : op.edge_shapes) {
    for (const std::string& choices : conformance::choice_texts(op)) {
      shapes.push_back(edge + (choices.empty() ? "" : ",") + choices);
    }
  }
  return shapes;
}

// Returns the shape with the epilogue, in each dtype and math that the kernel serves.
std::vector<Problem> served_problems(const OpSpec& op, const KernelSpec& kernel,
                                     const DeviceInfo& device, const std::string& shape,
                                     const std::string& epilogue) {
  std::vector<Problem> problems;
  for (const auto& [dtype, maths] : op.maths) {
    for (const std::string& math : maths) {
      const Problem problem =
          parse_problem(op, {.shape = shape, .dtype = dtype, .math = math, .epilogue = epilogue});
      if (kernel.needs.expr.holds(slots_of(op, kernel.names, problem, device))) {
        problems.push_back(problem);
      }
    }
  }
  return problems;
}

struct Sample {
  Problem problem;
  DeviceInfo device;
  Configuration configuration;
};

// Draws a problem of the first shape that the kernel serves with a configuration, and one of the
// configurations. A kernel for small products has none for the example, and one for large tiles
// none for an edge shape on a large device.
std::optional<Sample> sample_of(const OpSpec& op, const KernelSpec& kernel,
                                const std::string& epilogue, std::mt19937_64& random) {
  for (const std::string& shape : shapes_of(op)) {
    for (const DeviceInfo& device : conformance::devices()) {
      const std::vector<Problem> problems = served_problems(op, kernel, device, shape, epilogue);
      if (problems.empty()) break;
      const Problem& problem = problems[random() % problems.size()];
      const auto found =
          SearchSpace::try_enumerate(kernel, slots_of(op, kernel.names, problem, device));
      if (const auto* space = std::get_if<SearchSpace>(&found)) {
        return Sample{problem, device, (*space)[random() % space->size()]};
      }
    }
  }
  return std::nullopt;
}

// Returns an epilogue for each sample: none, and once each reduction if the kernel reduces.
std::vector<std::string> epilogues_of(const OpSpec& op, const KernelSpec& kernel) {
  std::vector<std::string> epilogues(samples, "");
  if (kernel.reduces) {
    const auto& reductions = op.epilogue_reductions;
    epilogues.insert(epilogues.end(), reductions.begin(), reductions.end());
  }
  return epilogues;
}

TEST(Shipped, NvccAndNvrtcMakeTheSameCode) {
  CompilePool pool(cuda::platform(), 1, std::chrono::seconds(120));
  try {
    pool.compiler();
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();
  }
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  const auto folder = std::filesystem::path(testing::TempDir()) / "tilewright_shipped_test";
  std::mt19937_64 random(seed);
  int compared = 0;
  for (const OpEntry& entry : catalog.ops()) {
    for (const KernelSpec& kernel : entry.kernels) {
      for (const std::string& epilogue : epilogues_of(entry.op, kernel)) {
        const auto sample = sample_of(entry.op, kernel, epilogue, random);
        ASSERT_TRUE(sample) << entry.op.name << "/" << kernel.name << " " << epilogue;
        const auto& [problem, device, configuration] = *sample;
        const LoweredPlan lowered = lower(catalog, kernel, problem, device, configuration);
        ASSERT_EQ(lowered.invalid, "") << kernel.name;
        const std::string measured = with_nvrtc(pool, lowered.plan.program);
        const std::string shipped = with_nvcc(folder, lowered.plan.program);
        EXPECT_FALSE(usage_of(measured).empty()) << measured;
        // A known difference: addresses of global memory in the kernel that serves as a fallback
        // for any convolution.
        if (entry.op.name + "/" + kernel.name == "conv2d/simt") continue;
        EXPECT_EQ(usage_of(measured), usage_of(shipped))
            << problem.key(entry.op) << " " << kernel.name << ": "
            << text_of(kernel.knobs, configuration) << '\n'
            << shipped;
        ++compared;
      }
    }
  }
  std::filesystem::remove_all(folder);
  EXPECT_GT(compared, 0);
}

}  // namespace
}  // namespace tw::gpu
