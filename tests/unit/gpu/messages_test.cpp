// Messages between the processes of a GPU's device.
#include "devices/gpu/protocol/messages.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"
#include "core/types/device_info_fields.h"
#include "unit/support/filled_record.h"

namespace tw::gpu {
namespace {

TEST(GpuMessages, AGreetingHasEveryFieldOfTheDevice) {
  Greeting greeting;
  fill(greeting.info, device_fields, 10);
  greeting.has_energy = true;
  const Greeting back = decode_greeting(encode(greeting));
  expect_equal_fields(back.info, greeting.info, device_fields);
  EXPECT_TRUE(back.has_energy);
}

TEST(GpuMessages, ComeBackAsTheyWere) {
  PartsSent sent;
  PartsReceived received;
  MeasureRequest request;
  request.job.id = 7;
  request.job.problem = "gemm f32 m=1,n=2,k=3";
  request.job.plan.program.text = "a kernel";
  request.job.plan.program.entries = {"kernel"};
  request.job.plan.launches.emplace_back();
  request.variant = {std::string("\0\xff\x80", 3), {"kernel"}};
  const MeasureRequest back = decode_measure_request(encode(request, sent), received);
  EXPECT_EQ(back.job.id, 7u);
  EXPECT_EQ(back.job.problem, request.job.problem);
  EXPECT_EQ(back.job.plan.launches.size(), 1u);
  EXPECT_EQ(back.job.plan.program.text, "a kernel");
  EXPECT_EQ(back.variant.cubin, request.variant.cubin);
  EXPECT_EQ(back.variant.names, request.variant.names);
  EXPECT_THROW(decode_measure_request("nonsense", received), Error);
  EXPECT_THROW(decode_compiled(""), Error);
  EXPECT_THROW(decode_compiled(std::string(1'000'000, '\x81')), Error);  // nested arrays
}

}  // namespace
}  // namespace tw::gpu
