// Messages between the processes of the cuda device.
#include "core/types/device_info_fields.h"
#include "devices/gpu/protocol/messages.h"
#include "filled_record.h"

namespace tw::cuda {
namespace {

TEST(CudaMessages, AGreetingHasEveryFieldOfTheDevice) {
  Greeting greeting;
  fill(greeting.info, device_fields, 10);
  expect_equal_fields(decode_greeting(encode(greeting)).info, greeting.info, device_fields);
}

}  // namespace
}  // namespace tw::cuda
