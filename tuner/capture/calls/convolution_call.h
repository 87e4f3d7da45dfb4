// A convolution as cuDNN names it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/calls/library_call.h"

namespace tw::capture {

// A tensor of cuDNN: dims in the order n, c, h, w, whatever the order in memory. A filter is k,
// c / groups, r, s. Strides are in elements.
struct CudnnTensor {
  std::string type;  // "FLOAT", as cudnnDataType_t without CUDNN_DATA_
  std::vector<std::int64_t> dims, strides;
};

struct ConvolutionCall {
  CudnnTensor x, w, y;  // the image, the filters, the result of the forward convolution
  std::vector<std::int64_t> pad, pad_after, stride, dilation;  // vertical first
  std::string compute{};                                       // the type of sums: "FLOAT"
  bool tf32 = false;                     // operands of f32 may be rounded to TF32
  bool is_correlation = true;            // filters are not flipped
  std::string epilogue{};                // our words, in their order
  std::vector<CudnnTensor> residuals{};  // the tensors of y's sizes that the epilogue adds
};

// Adds a step to the epilogue; an empty one adds nothing.
void add_step(ConvolutionCall& call, std::string_view step);
// Adds the step that adds a tensor to y: a bias or a residual. Returns why none does; empty if one
// was added.
std::string add_sum(ConvolutionCall& call, const CudnnTensor& tensor);

// Returns the factors of the number of multiplications.
std::vector<std::int64_t> factors_of(const ConvolutionCall& call);
// Returns the convolution that computes y, in the words of cuDNN's adaptor
// (devices/cuda/baselines).
CapturedCall forward_problem(const ConvolutionCall& call);
// Returns the transposed convolution that computes x from y: cuDNN's gradient of the data.
CapturedCall transposed_problem(const ConvolutionCall& call);

}  // namespace tw::capture
