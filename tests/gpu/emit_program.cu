// Emitted code on a GPU, as in a user's program: every way to call it, on tuned and on other
// shapes. Exit code 0; 1 if a case failed; 77 if there is no GPU. The op is tests/data/emit.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <thread>

#include "emit_program.h"
#include "tuned/blend.cuh"

namespace emit_program {
namespace {

using tuned::blend::Args;
using tuned::blend::Match;
using tuned::blend::Order;
using Chained = tuned::blend::ArgsBiasColumnClampScaleClamp;

std::atomic<int> failures{0};

std::int64_t elements(std::int64_t rows, std::int64_t pitch) { return rows * pitch + 64; }

template <class T>
T* to_device(const std::vector<T>& host) {
  void* memory = nullptr;
  EXPECT_OK(cudaMalloc(&memory, host.size() * sizeof(T)));
  EXPECT_OK(cudaMemcpy(memory, host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice));
  return static_cast<T*>(memory);
}

std::vector<float> signed_values(std::int64_t count, unsigned seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  unsigned state = seed;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
  }
  return values;
}

constexpr float untouched = -77.0f;

// A workspace of exactly the requested size, in memory that was not zero.
class Workspace {
 public:
  explicit Workspace(std::size_t bytes) {
    if (bytes == 0) return;
    EXPECT_OK(cudaMalloc(&memory_, bytes));
    EXPECT_OK(cudaMemset(memory_, 0x5a, bytes));
  }
  ~Workspace() { cudaFree(memory_); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  void* at() const { return memory_; }

 private:
  void* memory_ = nullptr;
};

// Runs before anything else has loaded a kernel: the first launch is a captured one, with more than
// 48 KiB of shared memory and with workspaces to be zeroed.
void capture_comes_first() {
  const Operands operands(4096, 1024, 1024, Order::plain, 0, 0);
  Args args;
  operands.fill(args);
  const Workspace workspace(tuned::blend::workspace_bytes(args));
  cudaStream_t stream = nullptr;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  EXPECT_OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  EXPECT_OK(tuned::blend::initialise_workspace(args, workspace.at(), stream));
  operands.poison();
  EXPECT_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  EXPECT_OK(tuned::blend::launch(args, workspace.at(), stream));
  EXPECT_OK(cudaStreamEndCapture(stream, &graph));
  EXPECT_OK(cudaGraphInstantiate(&executable, graph, 0));
  for (int i = 0; i < 3; ++i) EXPECT_OK(cudaGraphLaunch(executable, stream));
  EXPECT_OK(cudaStreamSynchronize(stream));
  EXPECT(operands.is_right());
  cudaGraphExecDestroy(executable);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
}

// On the GPU for which the fixture was tuned, a tuned problem (factor 1, weight 0) runs its winner.
void tuned_problems_match() {
  cudaDeviceProp device{};
  EXPECT_OK(cudaGetDeviceProperties(&device, 0));
  const bool tuned_gpu =
      device.major == 9 && device.minor == 0 && device.multiProcessorCount == 132;
  const Operands operands(64, 4096, 4096, Order::plain, 0, 0);
  Args args;
  operands.fill(args);
  args.factor = 1;
  const tuned::blend::Selection selection = tuned::blend::select(args);
  EXPECT_OK(selection.status);
  if (tuned_gpu) {
    EXPECT(selection.match == Match::exact);
    EXPECT(std::strcmp(selection.tuned_problem, "blend f32 rows=64,columns=4096") == 0);
  }
  cudaFuncAttributes attributes{};
  EXPECT_OK(tuned::blend::attributes(args, &attributes));
  EXPECT(attributes.numRegs > 0 && attributes.localSizeBytes == 0);
}

// All branches, and both ways to call them.
void results_are_right() {
  for (const std::int64_t rows : {1, 2, 64, 300}) {
    for (const std::int64_t columns : {1, 67, 256, 1000, 4096}) {
      for (const std::int64_t offset : {0, 1, 2}) {
        for (const Order order : {Order::plain, Order::flipped}) {
          const Operands operands(rows, columns, columns + offset * 3, order, offset == 1 ? 1 : 0,
                                  offset);
          Args args;
          operands.fill(args);
          const Workspace workspace(tuned::blend::workspace_bytes(args));
          EXPECT(workspace_from_plain_cpp(args) == tuned::blend::workspace_bytes(args));
          EXPECT_OK(tuned::blend::initialise_workspace(args, workspace.at(), nullptr));
          for (int again = 0; again < 2; ++again) {  // a workspace can be used again
            operands.poison();
            EXPECT_OK(tuned::blend::launch(args, workspace.at(), nullptr));
            EXPECT(operands.is_right());
          }
          operands.poison();
          EXPECT_OK(launch_from_plain_cpp(args, workspace.at(), nullptr));
          EXPECT(operands.is_right());
        }
      }
    }
  }
}

void epilogue_fields_arrive_in_order() {
  const Operands operands(7, 96, 96, Order::plain, 0, 0);
  Chained args;
  operands.fill(args);
  const std::vector<float> bias = signed_values(96, 9);
  float* const bias_device = to_device(bias);
  args.bias_column = bias_device;
  args.clamp_lo = -0.5f;
  args.clamp_hi = 0.75f;
  args.scale_factor = 3;
  args.clamp2_lo = -1;
  args.clamp2_hi = 2;
  EXPECT_OK(tuned::blend::launch(args, nullptr, nullptr));
  std::vector<float> out(7 * 96);
  EXPECT_OK(cudaMemcpy(out.data(), args.out, out.size() * 4, cudaMemcpyDeviceToHost));
  bool right = true;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float value = operands.factor * operands.x[i] + bias[i % 96];
    const float clamped = std::fmin(std::fmax(value, -0.5f), 0.75f) * 3;
    right = right && std::fabs(out[i] - std::fmin(std::fmax(clamped, -1.0f), 2.0f)) < 1e-5f;
  }
  EXPECT(right);
  cudaFree(bias_device);
}

void wrong_arguments_are_refused() {
  const Operands operands(4096, 4096, 4096, Order::plain, 0, 0);
  Args good;
  operands.fill(good);
  const auto refused = [](const Args& args) {
    return tuned::blend::launch(args, nullptr, nullptr) == cudaErrorInvalidValue &&
           *tuned::blend::select(args).reason != '\0' && tuned::blend::workspace_bytes(args) == 0;
  };
  Args args = good;
  args.rows = 0;
  EXPECT(refused(args));
  args = good;
  args.pitch = 4095;
  EXPECT(refused(args));
  args = good;
  args.out = nullptr;
  EXPECT(refused(args));
  Chained chained;
  operands.fill(chained);
  EXPECT(std::strcmp(tuned::blend::select(chained).reason, "bias_column is null") == 0);
  chained.bias_column = operands.x_device + 1;
  EXPECT_OK(tuned::blend::select(chained).status);
  chained.bias_column =
      reinterpret_cast<const float*>(reinterpret_cast<const char*>(operands.x_device) + 2);
  EXPECT(tuned::blend::launch(chained, nullptr, nullptr) == cudaErrorInvalidValue);
  const std::size_t bytes = tuned::blend::workspace_bytes(good);
  if (bytes == 0) return;  // this GPU's branch needs no workspace
  EXPECT(tuned::blend::launch(good, nullptr, nullptr) == cudaErrorInvalidValue);
  const Workspace workspace(bytes + 16);
  EXPECT(tuned::blend::launch(good, static_cast<char*>(workspace.at()) + 16, nullptr) ==
         cudaErrorInvalidValue);
  EXPECT(tuned::blend::launch(good, workspace.at(), bytes - 1, nullptr) == cudaErrorInvalidValue);
  EXPECT(tuned::blend::initialise_workspace(good, workspace.at(), bytes - 1, nullptr) ==
         cudaErrorInvalidValue);
  EXPECT_OK(tuned::blend::initialise_workspace(good, workspace.at(), bytes, nullptr));
  EXPECT_OK(tuned::blend::launch(good, workspace.at(), bytes, nullptr));
  EXPECT_OK(cudaDeviceSynchronize());
}

// Each thread uses its own stream, and the next device if there are several.
void threads_do_not_disturb_each_other() {
  int devices = 1;
  EXPECT_OK(cudaGetDeviceCount(&devices));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([i, devices] {
      for (int round = 0; round < 2 * devices; ++round) {
        EXPECT_OK(cudaSetDevice((i + round) % devices));
        cudaStream_t stream = nullptr;
        EXPECT_OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
        const Operands operands(100 + 1000 * i, 512, 512, Order::plain, 0, 0);
        Args args;
        operands.fill(args);
        const Workspace workspace(tuned::blend::workspace_bytes(args));
        operands.poison();
        EXPECT_OK(cudaDeviceSynchronize());
        EXPECT_OK(tuned::blend::initialise_workspace(args, workspace.at(), stream));
        for (int j = 0; j < 20; ++j) {
          EXPECT_OK(tuned::blend::launch(args, workspace.at(), stream));
        }
        EXPECT_OK(cudaStreamSynchronize(stream));
        EXPECT(operands.is_right());
        cudaStreamDestroy(stream);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

void expect(bool good, const char* what, int line) {
  if (good) return;
  if (failures++ < 20) std::fprintf(stderr, "line %d: failed: %s\n", line, what);
}

Operands::Operands(std::int64_t rows_, std::int64_t columns_, std::int64_t pitch_, Order order_,
                   float weight_, std::int64_t offset_)
    : rows(rows_),
      columns(columns_),
      pitch(pitch_),
      order(order_),
      factor(-1.5f),
      weight(weight_),
      offset(offset_),
      x(signed_values(elements(rows, pitch), 1)),
      other(signed_values(elements(rows, pitch), 2)),
      x_device(to_device(x)),
      other_device(to_device(other)),
      out_device(to_device(x)) {
  poison();
}

Operands::~Operands() {
  for (float* memory : {x_device, other_device, out_device}) cudaFree(memory);
}

void Operands::poison() const {
  const std::vector<float> values(x.size(), untouched);
  EXPECT_OK(cudaMemcpy(out_device, values.data(), values.size() * 4, cudaMemcpyHostToDevice));
}

bool Operands::is_right() const {
  std::vector<float> out(x.size());
  EXPECT_OK(cudaMemcpy(out.data(), out_device, out.size() * 4, cudaMemcpyDeviceToHost));
  std::vector<float> expected(out.size(), untouched);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      const auto at = [&](std::int64_t column) {
        return static_cast<std::size_t>(offset + i * pitch + column);
      };
      double value = double{factor} * double{x[at(order == Order::flipped ? columns - 1 - j : j)]};
      if (weight != 0) value += double{weight} * double{other[at(j)]};
      expected[at(j)] = static_cast<float>(value);
    }
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!(std::fabs(out[i] - expected[i]) <= 1e-6f)) return false;
  }
  return true;
}

}  // namespace emit_program

int main() {
  int devices = 0;
  const cudaError_t found = cudaGetDeviceCount(&devices);
  if (found != cudaSuccess || devices == 0) {
    std::printf("SKIPPED, no GPU: %s\n", cudaGetErrorString(found));
    return 77;
  }
  using namespace emit_program;
  capture_comes_first();
  tuned_problems_match();
  results_are_right();
  epilogue_fields_arrive_in_order();
  wrong_arguments_are_refused();
  threads_do_not_disturb_each_other();
  expect(all_tunings_are_right(), "all_tunings_are_right", __LINE__);
  std::printf("%d failures\n", failures.load());
  return failures == 0 ? 0 : 1;
}
