// Messages of workers: a stream of frames, and single messages. A message that was read is written
// unchanged.
#include "core/plan/job.h"
#include "devices/cuda/protocol/cuda_probe.h"
#include "devices/frame.h"
#include "devices/gpu/protocol/messages.h"
#include "fuzz.h"

namespace {

using namespace tw;

// A message that `parse` accepts is written as a message that parses as the same value.
template <class Parse>
void check(const std::string& bytes, const Parse& parse) {
  std::string once;
  if (!fuzz::accepts([&] { once = serialise(parse(bytes)); })) return;
  fuzz::expect(serialise(parse(once)) == once, "what is written reads as the same");
}

void check_message(const std::string& bytes) {
  check(bytes, [](const std::string& message) { return parse_job(message); });
  check(bytes, parse_finished);
  PartsReceived parts;
  fuzz::accepts([&] { gpu::decode_compiler_greeting(bytes); });
  fuzz::accepts([&] { gpu::decode_compile_request(bytes, parts); });
  fuzz::accepts([&] { gpu::decode_compiled(bytes); });
  fuzz::accepts([&] { gpu::decode_measure_request(bytes, parts); });
  fuzz::accepts([&] { gpu::decode_greeting(bytes); });
  fuzz::accepts([&] { gpu::decode_measure_reply(bytes); });
  fuzz::accepts([&] { cuda::decode_probe(bytes); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string stream = fuzz::text_of(data, size);
  check_message(stream);
  fuzz::accepts([&] {
    while (const auto frame = take_frame(stream)) check_message(*frame);
  });
  return 0;
}
