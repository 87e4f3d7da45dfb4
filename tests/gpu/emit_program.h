// Shared by the translation units of the emitted code's GPU test.
#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tuned/blend.h"

namespace emit_program {

// Fails the program's current case and prints the line, unless `good`.
void expect(bool good, const char* what, int line);
#define EXPECT(condition) ::emit_program::expect((condition), #condition, __LINE__)
#define EXPECT_OK(call) ::emit_program::expect((call) == cudaSuccess, #call, __LINE__)

// A call of the test op with its operands, on the current device.
struct Operands {
  std::int64_t rows, columns, pitch;
  tuned::blend::Order order;
  float factor, weight;
  // offset of every pointer in elements, so that it is less aligned than its allocation
  std::int64_t offset;
  std::vector<float> x, other;
  float *x_device = nullptr, *other_device = nullptr, *out_device = nullptr;

  Operands(std::int64_t rows, std::int64_t columns, std::int64_t pitch, tuned::blend::Order order,
           float weight, std::int64_t offset);
  ~Operands();
  Operands(const Operands&) = delete;
  Operands& operator=(const Operands&) = delete;

  template <class A>
  void fill(A& args) const {
    args.rows = rows;
    args.columns = columns;
    args.pitch = pitch;
    args.order = static_cast<decltype(args.order)>(order);
    args.factor = factor;
    args.weight = weight;
    args.x = x_device + offset;
    args.other = other_device + offset;
    args.out = out_device + offset;
  }
  void poison() const;
  // Returns whether `out` has the results of the op's definition, and the elements between the rows
  // are untouched.
  bool is_right() const;
};

// In emit_plain.cpp: calls blend.h and the functions of blend.cu.
cudaError_t launch_from_plain_cpp(const tuned::blend::Args& args, void* workspace,
                                  cudaStream_t stream);
std::size_t workspace_from_plain_cpp(const tuned::blend::Args& args);
// In emit_headers.cu: three tunings, header-only, in one translation unit.
bool all_tunings_are_right();

}  // namespace emit_program
