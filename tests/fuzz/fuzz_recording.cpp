// Recordings, plain and gzip: a recording that was read can be searched. Ours can also be written
// and read again.
#include "core/formats/recording.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tw;
  Recording recording;
  const std::string bytes = fuzz::text_of(data, size);
  if (!fuzz::accepts([&] { recording = parse_recording(bytes, "x.json"); })) return 0;
  fuzz::expect(space_of(recording).size() == recording.trials.size(), "each trial is searched");
  if (recording.foreign()) return 0;
  const std::string text = recording_text(recording);
  fuzz::expect(recording_text(parse_recording(text, "x.json")) == text,
               "what is written reads as the same");
  return 0;
}
