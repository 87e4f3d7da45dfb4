// Epilogue chains: a parsed chain has a text that parses back to the same chain.
#include "core/types/epilogue.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tw;
  const std::string text = fuzz::text_of(data, size);
  fuzz::accepts([&] {
    const Epilogue chain = Epilogue::from_structure(text);
    fuzz::expect(Epilogue::from_structure(chain.structure()).structure() == chain.structure(),
                 "a structure gives itself");
  });
  Epilogue chain;
  if (!fuzz::accepts([&] { chain = Epilogue::parse(text); })) return 0;
  const Epilogue again = Epilogue::parse(chain.text());
  fuzz::expect(again.text() == chain.text(), "a chain's text gives the chain");
  fuzz::expect(again.cpp_type() == chain.cpp_type(), "it gives the same type");
  fuzz::expect(Epilogue::from_structure(chain.structure()).cpp_type() == chain.cpp_type(),
               "its structure gives the same type");
  return 0;
}
