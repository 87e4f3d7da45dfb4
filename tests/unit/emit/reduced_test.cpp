// The emitted form of products whose rows are reduced: its text and its choices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "selected_reduced.h"
#include "unit/emit/fixture.h"

namespace tw {
namespace {

using testing::HasSubstr;

TEST(EmitReducedText, SaysWhatTheArgumentsMean) {
  const auto files = emit(emit_fixture::reduced_request());
  EXPECT_THAT(files.at("gemm.h"), HasSubstr("struct ArgsBf16BiasColumnLogSumExp : ArgsBf16 {"));
  EXPECT_THAT(files.at("gemm.h"), HasSubstr("ends in a reduction: in the expressions"));
  const std::string& text = files.at("gemm.cuh");
  EXPECT_THAT(text, HasSubstr("\"beta must be 0 with a reduction\""));
  EXPECT_THAT(text, HasSubstr("static constexpr std::int64_t reduced = 1;"));
  EXPECT_THAT(text, HasSubstr("epilogue::LogSumExp>"));
}

// The fields of a type of arguments, without CUDA.
struct Arguments {
  std::int64_t m = 300, n = 1000, k = 256, lda = -1, ldb = -1, ldc = -1, batch = 1, stride_a = -1,
               stride_b = -1, stride_c = -1;
  enum class Layout { nn, nt, tn, tt } layout = Layout::nt;
  enum class Batches { strided, pointers } batches = Batches::strided;
  float alpha = 1, beta = 0;
  const void* a = reinterpret_cast<const void*>(0x1000);
  const void* b = reinterpret_cast<const void*>(0x2000);
  const void* c = reinterpret_cast<const void*>(0x3000);
  const void *const *a_pointers = nullptr, *const *b_pointers = nullptr,
                    *const *c_pointers = nullptr;
  std::int64_t pointers_align = 16;
};

enum Form { plain_f32, reduced_f32, plain_bf16, reduced_bf16 };

class EmitReduced : public testing::Test {
 protected:
  using Device = selected_reduced::Device;

  static Device device_of(int cc) {
    Device device = emit_fixture::emitted<Device>(emulated_device(90));
    device.gpu_cc = device.cc = cc;
    return device;
  }
  // Returns what runs on the device. Sets query_.problem to the problem, and reason_ to the reason.
  std::string chosen(Form form, const Arguments& arguments, const Device& device = device_of(90)) {
    query_ = {};
    query_.form = form;
    query_.problem.dtype = static_cast<std::int64_t>(form < plain_bf16 ? DType::f32 : DType::bf16);
    query_.problem.math = number_of_math(form < plain_bf16 ? "f32" : "bf16");
    query_.problem.sizeof_t = form < plain_bf16 ? 4 : 2;
    query_.problem.reduced = form == reduced_f32 || form == reduced_bf16;
    const char* wrong = selected_reduced::Selector::read(arguments, device, query_);
    if (wrong != nullptr) return wrong;
    const auto choice =
        selected_reduced_dispatch::choose_branch<selected_reduced::Selector>(query_, device);
    reason_ =
        selected_reduced_dispatch::reason_of<selected_reduced::Selector>(query_, device, choice);
    return choice.branch < 0 ? "" : selected_reduced::branches[choice.branch].kernel;
  }
  selected_reduced::Query query_;
  std::string reason_;
};

TEST_F(EmitReduced, TakesKernelsThatReduce) {
  EXPECT_EQ(chosen(reduced_f32, {}), "mma");
  EXPECT_EQ(chosen(reduced_bf16, {}), "wgmma");
  EXPECT_EQ(chosen(reduced_bf16, {}, device_of(80)), "mma");
  EXPECT_EQ(reason_, "");
  EXPECT_EQ(chosen(reduced_bf16, {}, device_of(75)), "");  // no kernel that reduces runs there
  EXPECT_THAT(reason_, HasSubstr("no configuration serves"));
}

// On the tuned GPU, in programs that were compiled for targets other than sm_90a.
TEST_F(EmitReduced, PassesOverWhatTheProgramHoldsNoCodeOf) {
  Device device = device_of(90);
  EXPECT_EQ(chosen(reduced_bf16, {}, device), "wgmma");
  EXPECT_EQ(reason_, "");
  const std::string why =
      "wgmma was passed over: the program holds no code of it for this GPU; add -gencode "
      "arch=compute_90a,code=sm_90a";
  device.specific = false;  // with -arch=sm_90, or all-major
  EXPECT_EQ(chosen(reduced_bf16, {}, device), "mma");
  EXPECT_EQ(reason_, why);
  EXPECT_EQ(chosen(reduced_f32, {}, device), "mma");  // as it was tuned
  EXPECT_EQ(reason_, "");
  device.cc = 80;  // with -arch=sm_80
  EXPECT_EQ(chosen(reduced_bf16, {}, device), "mma");
  EXPECT_EQ(reason_, why);
  device.cc = 75;
  EXPECT_EQ(chosen(reduced_bf16, {}, device), "");
  EXPECT_EQ(reason_, why);
}

TEST_F(EmitReduced, MatricesByPointersAreAlignedAsTheCallerSays) {
  Arguments arguments;
  arguments.batches = Arguments::Batches::pointers;
  arguments.a = arguments.b = arguments.c = nullptr;
  EXPECT_EQ(chosen(plain_bf16, arguments), "a_pointers is null");
  const void* const one = nullptr;
  arguments.a_pointers = arguments.b_pointers = &one;
  EXPECT_EQ(chosen(plain_bf16, arguments), "c_pointers is null");
  arguments.c_pointers = &one;
  EXPECT_EQ(chosen(plain_bf16, arguments), "mma");
  EXPECT_EQ(query_.problem.align, 16);
  arguments.pointers_align = 64;
  chosen(plain_bf16, arguments);
  EXPECT_EQ(query_.problem.align, 16);
  arguments.pointers_align = 2;
  EXPECT_EQ(chosen(plain_bf16, arguments), "mma");
  EXPECT_EQ(query_.problem.align, 2);
  EXPECT_THAT(chosen(plain_f32, arguments), HasSubstr("not aligned to its elements"));
  arguments.pointers_align = 12;
  EXPECT_EQ(chosen(plain_bf16, arguments), "pointers_align must be a power of two");
}

TEST_F(EmitReduced, CHasOneColumn) {
  chosen(reduced_f32, {});
  EXPECT_EQ(query_.problem.ldc, 1);
  chosen(plain_f32, {});
  EXPECT_EQ(query_.problem.ldc, 1000);
  Arguments narrow;
  narrow.ldc = 7;
  EXPECT_EQ(chosen(reduced_f32, narrow), "mma");
  EXPECT_THAT(chosen(plain_f32, narrow), HasSubstr("ldc is at least the length of C's rows"));
}

}  // namespace
}  // namespace tw
