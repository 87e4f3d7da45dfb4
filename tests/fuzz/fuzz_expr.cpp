// Expressions: a parsed expression has a value or none, for any values of the slots, and a C++
// text.
#include <cstdint>

#include "core/expr/expr.h"
#include "fuzz.h"

namespace {

using namespace tw;

// Values of slots: the largest and smallest, usual ones and odd ones.
constexpr std::int64_t slot_values[][6] = {
    {0, 0, 0, 0, 0, 0},
    {1, 2, 3, 1, 90, 232448},
    {4096, 4095, 64, 0, 80, 1},
    {-1, -7, INT64_MIN, 1, -1, INT64_MAX},
    {INT64_MAX, INT64_MIN, 62, 2, 63, 64},
    {INT64_MIN, -1, 1, INT64_MAX, 2, INT64_MIN},
};

Names all_names() {
  Names names;
  for (const char* name : {"m", "n", "k"}) names.add(name);
  names.add("layout", {"nn", "nt", "tn"});
  names.add("device.cc");
  names.add("device.smem_optin");
  return names;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Names names = all_names();
  static const Expr blocks = Expr::parse("ceil_div(m, 4) * (k > n ? n : 1 / k)", names);
  static const Expr is_nt = Expr::parse("layout == 'nt' && device.cc >= 80", names);
  static const Expr::Let lets[] = {{"blocks", &blocks}, {"is_nt", &is_nt}};
  const std::string text = fuzz::text_of(data, size);
  Expr expr;
  if (!fuzz::accepts([&] { expr = Expr::parse(text, names, lets); })) return 0;
  fuzz::expect(expr.text() == text, "an expression keeps its text");
  for (const int slot : expr.reads()) fuzz::expect(slot < names.size(), "it reads its slots");
  for (const auto& slots : slot_values) {
    fuzz::expect(expr.holds(slots) == (expr.evaluate(slots).value_or(0) != 0),
                 "holds() says what evaluate() does");
  }
  const std::string cpp = expr.to_cpp([&](int slot) { return names.name(slot); });
  fuzz::expect(!cpp.empty(), "an expression has C++ text");
  return 0;
}
