// The cuda device on a machine without a GPU: its errors, and that it leaves nothing behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "core/base/error.h"
#include "devices/cuda/baselines/words.h"
#include "devices/cuda/cuda.h"

namespace tw {
namespace {

TEST(CudaDevice, WithoutAGpuIsOneClearError) {
  if (count_cuda() > 0) GTEST_SKIP() << "there is a GPU here";
  try {
    open_cuda({});
    FAIL() << "a device was opened that is not there";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::AnyOf(testing::HasSubstr("no NVIDIA driver"),
                                             testing::HasSubstr("finds no GPU"),
                                             testing::HasSubstr("driver does not start")));
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

TEST(CudaProbe, SaysWhatIsMissing) {
  const CudaProbe probe = probe_cuda();
  if (probe.devices.empty()) {
    EXPECT_FALSE(probe.messages.empty());
  } else {
    EXPECT_FALSE(probe.driver.empty());
  }
  EXPECT_EQ(count_cuda() > 0, !probe.devices.empty() && !probe.nvrtc.empty());
}

// Words that no routine takes were once ignored: a misspelt optional word changed the layout.
TEST(CudaBaseline, TakesNoOtherWordsThanItsOwn) {
  std::map<std::string, int> args{{"x", 1}, {"nhwcc", 1}};
  try {
    cuda::allow_words("conv2d", args, {"x", "nhwc"});
    FAIL() << "nhwcc was skipped";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "the op's [[baseline]] for conv2d has the argument nhwcc, which it does not take: "
                 "did you mean 'nhwc'?");
  }
  args.erase("nhwcc");
  EXPECT_NO_THROW(cuda::allow_words("conv2d", args, {"x", "nhwc"}));
}

}  // namespace
}  // namespace tw
