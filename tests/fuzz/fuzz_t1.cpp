// T1 files: an accepted file gives a space, and specs that are TOML.
#include "core/base/texts.h"
#include "core/t1/t1.h"
#include "core/text/toml_file.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tw;
  const std::string text = fuzz::text_of(data, size);
  fuzz::accepts([&] {
    for (const Knob& knob : parse_t1(text, "x.json").knobs) {
      fuzz::expect(!knob.values.empty(), "a knob has values");
    }
  });
  Texts specs;
  if (!fuzz::accepts([&] { specs = t1_specs(text, "x.json"); })) return 0;
  for (const auto& [path, spec] : specs) {
    fuzz::expect(fuzz::accepts([&, &spec = spec] { parse_toml(spec, "x.toml"); }),
                 "a spec is TOML");
  }
  return 0;
}
