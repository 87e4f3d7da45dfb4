// The cuDNN baseline; the library is loaded on first use. cuDNN is not part of the CUDA toolkit,
// and its headers are rarely present where a tuner is built. So this file declares the few
// functions that it uses, after the API reference of cuDNN 9.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/base/error.h"
#include "devices/cuda/baselines/adaptors.h"
#include "devices/cuda/baselines/words.h"
#include "devices/gpu/runtime/device_memory.h"

namespace tw::cuda {
namespace {

// The library's types. Descriptors are opaque; enums are ints.
using Handle = struct cudnnContext*;
using Descriptor = void*;
using Status = int;
constexpr int tensor_nchw = 0, tensor_nhwc = 1;
constexpr int cross_correlation = 1;
constexpr int default_math = 0, tensor_op_math = 1, fma_math = 3;
constexpr int data_float = 0, data_half = 2, data_bf16 = 9;

// cudnnConvolutionFwdAlgoPerf_t, and cudnnConvolutionBwdDataAlgoPerf_t.
struct AlgorithmResult {
  int algorithm;
  Status status;
  float time;
  std::size_t memory;
  int determinism;
  int math;
  int reserved[3];
};

using ListAlgorithms = Status (*)(Handle, Descriptor, Descriptor, Descriptor, Descriptor, int, int*,
                                  AlgorithmResult*);
using Convolve = Status (*)(Handle, const void* alpha, Descriptor, const void*, Descriptor,
                            const void*, Descriptor, int algorithm, void* workspace, std::size_t,
                            const void* beta, Descriptor, void*);

struct Cudnn {
  std::size_t (*cudnnGetVersion)();
  const char* (*cudnnGetErrorString)(Status);
  Status (*cudnnCreate)(Handle*);
  Status (*cudnnDestroy)(Handle);
  Status (*cudnnSetStream)(Handle, CUstream);
  Status (*cudnnCreateTensorDescriptor)(Descriptor*);
  Status (*cudnnDestroyTensorDescriptor)(Descriptor);
  Status (*cudnnSetTensor4dDescriptor)(Descriptor, int format, int type, int n, int c, int h,
                                       int w);
  Status (*cudnnCreateFilterDescriptor)(Descriptor*);
  Status (*cudnnDestroyFilterDescriptor)(Descriptor);
  Status (*cudnnSetFilter4dDescriptor)(Descriptor, int type, int format, int k, int c, int h,
                                       int w);
  Status (*cudnnCreateConvolutionDescriptor)(Descriptor*);
  Status (*cudnnDestroyConvolutionDescriptor)(Descriptor);
  Status (*cudnnSetConvolution2dDescriptor)(Descriptor, int pad_h, int pad_w, int stride_h,
                                            int stride_w, int dilation_h, int dilation_w, int mode,
                                            int compute_type);
  Status (*cudnnSetConvolutionGroupCount)(Descriptor, int);
  Status (*cudnnSetConvolutionMathType)(Descriptor, int);
  ListAlgorithms cudnnGetConvolutionForwardAlgorithm_v7;
  ListAlgorithms cudnnGetConvolutionBackwardDataAlgorithm_v7;
  Convolve cudnnConvolutionForward;
  Convolve cudnnConvolutionBackwardData;
};

// clang-format off
#define TW_CUDNN_FUNCTIONS(X)                                                                  \
  X(cudnnGetVersion) X(cudnnGetErrorString) X(cudnnCreate) X(cudnnDestroy) X(cudnnSetStream)   \
  X(cudnnCreateTensorDescriptor) X(cudnnDestroyTensorDescriptor)                               \
  X(cudnnSetTensor4dDescriptor) X(cudnnCreateFilterDescriptor)                                 \
  X(cudnnDestroyFilterDescriptor) X(cudnnSetFilter4dDescriptor)                                \
  X(cudnnCreateConvolutionDescriptor) X(cudnnDestroyConvolutionDescriptor)                     \
  X(cudnnSetConvolution2dDescriptor) X(cudnnSetConvolutionGroupCount)                          \
  X(cudnnSetConvolutionMathType) X(cudnnGetConvolutionForwardAlgorithm_v7)                     \
  X(cudnnGetConvolutionBackwardDataAlgorithm_v7) X(cudnnConvolutionForward)                    \
  X(cudnnConvolutionBackwardData)
// clang-format on

const Cudnn& cudnn() {
  static const Cudnn table = [] {
    std::string tried;
    const char* const names[] = {"libcudnn.so.9", "libcudnn.so"};
    void* library = open_library(names, tried);
    if (!library) {
      throw Error(fmt::format("libcudnn is not installed: {}; install it for a baseline", tried));
    }
    Cudnn loaded{};
    std::string missing;
    TW_CUDNN_FUNCTIONS(TW_ENTRY_LOAD)
    if (!missing.empty()) throw Error("libcudnn lacks " + missing + ": install cuDNN 9");
    return loaded;
  }();
  return table;
}

void require(Status status, const char* doing) {
  if (status == 0) return;
  throw Error(fmt::format("cuDNN: {}: {}", doing, cudnn().cudnnGetErrorString(status)));
}

int cudnn_type(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return data_float;
    case DType::f16:
      return data_half;
    case DType::bf16:
      return data_bf16;
    default:
      throw Error(fmt::format("the cuDNN baseline has no convolution for {}", name_of(dtype)));
  }
}

// An object of the library with its destructor.
template <class T>
class CudnnObject {
 public:
  using Create = Status (*)(T*);
  using Destroy = Status (*)(T);
  CudnnObject(Create create, Destroy destroy, const char* doing) : destroy_(destroy) {
    require(create(&object_), doing);
  }
  CudnnObject(const CudnnObject&) = delete;
  CudnnObject& operator=(const CudnnObject&) = delete;
  ~CudnnObject() { destroy_(object_); }
  T get() const { return object_; }

 private:
  T object_ = nullptr;
  Destroy destroy_;
};

struct Tensor : CudnnObject<Descriptor> {
  Tensor()
      : CudnnObject(cudnn().cudnnCreateTensorDescriptor, cudnn().cudnnDestroyTensorDescriptor,
                    "describing a tensor") {}
};

// A convolution, or a transposed convolution, which is the gradient of a convolution by its input.
class CudnnConvolution final : public gpu::Baseline {
 public:
  CudnnConvolution(const gpu::BaselineCall& call, gpu::Runtime& runtime, CUstream stream,
                   bool transposed)
      : call_(call),
        runtime_(runtime),
        transposed_(transposed),
        handle_(cudnn().cudnnCreate, cudnn().cudnnDestroy, "starting"),
        filter_(cudnn().cudnnCreateFilterDescriptor, cudnn().cudnnDestroyFilterDescriptor,
                "describing the filters"),
        convolution_(cudnn().cudnnCreateConvolutionDescriptor,
                     cudnn().cudnnDestroyConvolutionDescriptor, "describing the convolution") {
    require(cudnn().cudnnSetStream(handle_.get(), stream), "taking the stream");
    describe();
    list_algorithms();
    choose(0);
  }

  std::string version() const override { return "cuDNN " + cudnn_version(); }
  int algorithms() const override { return static_cast<int>(found_.size()); }
  void choose(int algorithm) override {
    chosen_ = found_[static_cast<std::size_t>(algorithm)];
    if (static_cast<std::int64_t>(chosen_.memory) > workspace_.bytes()) {
      workspace_ = gpu::DeviceMemory(runtime_, static_cast<std::int64_t>(chosen_.memory));
    }
    // for f32 the math type of the call says whether TF32 is allowed
    if (call_.dtype == DType::f32) return;
    require(cudnn().cudnnSetConvolutionMathType(convolution_.get(), chosen_.math),
            "setting the math type");
  }

  void launch() override {
    const float one = 1, zero = 0;
    const auto pointer = [&](const char* word) {
      return reinterpret_cast<void*>(call_.at(word).pointer);
    };
    void* const workspace = reinterpret_cast<void*>(workspace_.address());
    if (transposed_) {
      require(cudnn().cudnnConvolutionBackwardData(handle_.get(), &one, filter_.get(),
                                                   pointer("weights"), x_.get(), pointer("x"),
                                                   convolution_.get(), chosen_.algorithm, workspace,
                                                   chosen_.memory, &zero, y_.get(), pointer("y")),
              "conv_transpose2d");
    } else {
      require(cudnn().cudnnConvolutionForward(handle_.get(), &one, x_.get(), pointer("x"),
                                              filter_.get(), pointer("weights"), convolution_.get(),
                                              chosen_.algorithm, workspace, chosen_.memory, &zero,
                                              y_.get(), pointer("y")),
              "conv2d");
    }
  }

 private:
  int integer(const char* word) const { return static_cast<int>(call_.at(word).integer); }

  void describe() {
    const int type = cudnn_type(call_.dtype);
    const bool nhwc = call_.args.contains("nhwc") && integer("nhwc") != 0;
    const int format = nhwc ? tensor_nhwc : tensor_nchw;
    const int c = integer("c"), k = integer("k"), groups = integer("groups");
    require(cudnn().cudnnSetTensor4dDescriptor(x_.get(), format, type, integer("n"), c,
                                               integer("h"), integer("w")),
            "describing the input");
    require(cudnn().cudnnSetTensor4dDescriptor(y_.get(), format, type, integer("n"), k,
                                               integer("p"), integer("q")),
            "describing the output");
    require(cudnn().cudnnSetFilter4dDescriptor(filter_.get(), type, format, transposed_ ? c : k,
                                               (transposed_ ? k : c) / groups, integer("r"),
                                               integer("s")),
            "describing the filters");
    require(cudnn().cudnnSetConvolution2dDescriptor(
                convolution_.get(), integer("pad_h"), integer("pad_w"), integer("stride_h"),
                integer("stride_w"), integer("dilation_h"), integer("dilation_w"),
                cross_correlation, data_float),
            "describing the convolution");
    require(cudnn().cudnnSetConvolutionGroupCount(convolution_.get(), groups),
            "describing the convolution");
    const int math = call_.dtype != DType::f32 ? tensor_op_math
                     : call_.math == "tf32"    ? default_math
                                               : fma_math;
    require(cudnn().cudnnSetConvolutionMathType(convolution_.get(), math), "setting the math type");
  }

  void list_algorithms() {
    constexpr std::size_t max_workspace_bytes = std::size_t{4} << 30;
    std::array<AlgorithmResult, 16> all{};
    int count = 0;
    require(transposed_ ? cudnn().cudnnGetConvolutionBackwardDataAlgorithm_v7(
                              handle_.get(), filter_.get(), x_.get(), convolution_.get(), y_.get(),
                              static_cast<int>(all.size()), &count, all.data())
                        : cudnn().cudnnGetConvolutionForwardAlgorithm_v7(
                              handle_.get(), x_.get(), filter_.get(), convolution_.get(), y_.get(),
                              static_cast<int>(all.size()), &count, all.data()),
            "asking for algorithms");
    std::copy_if(all.begin(), all.begin() + count, std::back_inserter(found_),
                 [&](const AlgorithmResult& each) {
                   return each.status == 0 && each.memory <= max_workspace_bytes;
                 });
    if (found_.empty()) throw Error("cuDNN has no algorithm for this problem");
  }

  gpu::BaselineCall call_;
  gpu::Runtime& runtime_;
  bool transposed_;
  CudnnObject<Handle> handle_;
  Tensor x_, y_;
  CudnnObject<Descriptor> filter_, convolution_;
  gpu::DeviceMemory workspace_;
  std::vector<AlgorithmResult> found_;
  AlgorithmResult chosen_{};
};

}  // namespace

std::unique_ptr<gpu::Baseline> make_cudnn(const gpu::BaselineCall& call, gpu::Runtime& runtime,
                                          CUstream stream) {
  const bool transposed = call.call == "conv_transpose2d";
  if (call.call != "conv2d" && !transposed) {
    throw Error(
        fmt::format("the cuDNN baseline has no call {}: there are conv2d and "
                    "conv_transpose2d",
                    call.call));
  }
  allow_words(call.call, call.args,
              {"n",          "c",      "h",     "w",     "k",        "r",        "s",
               "p",          "q",      "pad_h", "pad_w", "stride_h", "stride_w", "dilation_h",
               "dilation_w", "groups", "nhwc",  "x",     "weights",  "y"});
  return std::make_unique<CudnnConvolution>(call, runtime, stream, transposed);
}

std::string cudnn_version() {
  try {
    const std::size_t version = cudnn().cudnnGetVersion();  // for example 91900
    return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
  } catch (const Error&) {
    return "";
  }
}

}  // namespace tw::cuda
