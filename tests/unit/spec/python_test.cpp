// Python's values and conditions count what Python counts. The counts come from Python 3.11.
// Longer than 400 lines: most of it is tables of conditions.
#include "core/python/python.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/expr/expr.h"

namespace tw {
namespace {

using testing::HasSubstr;

using Parameters = std::vector<PythonParameter>;

// A condition, how many combinations Python keeps, and the sum of their numbers, counted from 1.
// The last parameter varies fastest.
struct Counted {
  const char* condition;
  std::int64_t kept, sum;
};

void expect_count(const Counted& expected, const Parameters& parameters) {
  Names names;
  for (const PythonParameter& parameter : parameters) {
    parameter.words.empty() ? names.add(parameter.name)
                            : names.add(parameter.name, parameter.words);
  }
  const std::string text = condition_from(expected.condition, parameters);
  const Expr expr = Expr::parse(text, names);
  std::vector<std::size_t> levels(parameters.size());
  std::vector<std::int64_t> slots(parameters.size());
  std::int64_t kept = 0, sum = 0, number = 0;
  for (std::size_t last = 0; last < levels.size();) {
    for (std::size_t i = 0; i < levels.size(); ++i) slots[i] = parameters[i].values[levels[i]];
    ++number;
    if (expr.holds(slots)) {
      ++kept;
      sum += number;
    }
    for (last = 0; last < levels.size(); ++last) {
      std::size_t& level = levels[levels.size() - 1 - last];
      if (++level < parameters[levels.size() - 1 - last].values.size()) break;
      level = 0;
    }
  }
  EXPECT_EQ(kept, expected.kept) << expected.condition << " became " << text;
  EXPECT_EQ(sum, expected.sum) << expected.condition << " became " << text;
}

const Parameters whole_numbers{{.name = "BLOCK", .values = {32, 64, 128, 256}},
                               {.name = "A", .values = {1, 2, 3, 4, 6, 8}},
                               {.name = "B", .values = {0, 1, 2, 4}},
                               {.name = "C", .values = {-2, -1, 1, 3}},
                               {.name = "D", .values = {0, 1}},
                               {.name = "E", .values = {1, 2, 3}}};

// clang-format off
constexpr Counted usual[] = {
    {"BLOCK * A <= 512", 1728, 1530720},
    {"BLOCK % A == 0", 1536, 1733376},
    {"C // 2 == -1", 1152, 1320768},
    {"BLOCK / A <= 21.5", 1056, 843792},
    {"A in [1, 2, 4]", 1152, 1198656},
    {"(A == 1 or B == 0) and D", 432, 455328},
    {"D == 0 or (BLOCK % 32 != 0)", 1152, 1325952},
    {"2 ** C < 1", 1152, 1320768},
    {"max(A, B) <= 4", 1536, 1622784},
    {"abs(C) == 2", 576, 658656},
    {"(A & (A - 1)) == 0", 1536, 1733376},
    {"A == B == E", 64, 61440},
    {"A != B", 2016, 2352240},
    {"B != 0 and A / B > 1.5", 864, 1084464},
    {"D is True", 0, 0},
    {"int(A / 3) == 1", 768, 885120},
    {"math.ceil(A / 4) == 1", 1536, 1622784},
    {"A * B * E <= 12 and BLOCK >= 64 or D == 1", 1728, 2120748},
    {"sum([A, B, E]) < 8", 1152, 1186176},
    {"(A == 1)", 384, 350400},
    {"True", 2304, 2655360},
    {"A - 1", 1920, 2304960},
    {"not A == 1", 1920, 2304960},
    {"1 <= A and A <= 3", 1152, 1161792},
    {"all([A > 1, B > 0])", 1440, 1746000},
    {"A^B", 2016, 2352240},
    {"~C == 0", 576, 662112},
    {"float(A) > 2", 1536, 1917696},
    {"A in range(1, 4)", 1152, 1161792},
    {"BLOCK*A*4 <= 48 * 1024", 2304, 2655360},
    {"A == 1_0", 0, 0},
    {"0 < C", 1152, 1334592},
};

constexpr Counted unusual[] = {
    {"min(A, B, E) == 1", 1088, 1228256},
    {"max([A, B]) > 3", 1440, 1794384},
    {"abs(C) * A <= 4", 1056, 1082544},
    {"round(A / 4) == 2", 768, 1032576},
    {"round(BLOCK / 64) == 2", 576, 829728},
    {"round(A / 2 - 1.5) == 0", 1152, 1272384},
    {"round(-A / 4) == -1", 768, 885120},
    {"round(C / 2) == 0", 1152, 1327680},
    {"int(C / 2) == 0", 1152, 1327680},
    {"int(-A / 4) == 0", 1152, 1161792},
    {"math.floor(C / 2) == -1", 1152, 1320768},
    {"math.ceil(C / 2) == 0", 576, 662112},
    {"ceil(A / 4) * E > 3", 512, 688640},
    {"floor(BLOCK / 48) % 2 == 0", 1152, 995904},
    {"math.log2(A) <= 1", 768, 737664},
    {"math.log2(A) < 2", 1152, 1161792},
    {"math.log2(A) > 2", 768, 1032576},
    {"math.log2(A) >= 2", 1152, 1493568},
    {"math.log2(A) == 2", 384, 460992},
    {"math.log2(A) != 2", 1920, 2194368},
    {"math.log2(BLOCK) % 2 == 0", 1152, 1659456},
    {"math.log2(BLOCK / 32) == E", 576, 829728},
    {"int(math.log2(A)) == 1", 768, 811392},
    {"math.ceil(math.log2(A)) == 2", 768, 885120},
    {"math.log2(B) >= 1", 1152, 1355328},
    {"not math.log2(B) >= 1", 576, 656928},
    {"2 ** math.log2(BLOCK) == BLOCK", 2304, 2655360},
    {"math.log2(A) < math.log2(BLOCK) - 4", 1440, 2042064},
    {"math.gcd(A, 6) == 2", 1152, 1382976},
    {"A ** 2 < 20", 1536, 1622784},
    {"A ** B <= 16", 1728, 1901664},
    {"A ** C < 1", 960, 1146720},
    {"C ** B == 1", 1296, 1485432},
    {"C ** 3 < 0", 1152, 1320768},
    {"(A / B) ** 2 > 2", 1056, 1319568},
    {"2 ** -A < 0.1", 1152, 1493568},
    {"A & 1", 768, 774528},
    {"A | B == 7", 192, 232800},
    {"(A | B) == 7", 192, 232800},
    {"A ^ B ^ E == 0", 256, 268192},
    {"~A & 3 == 0", 384, 424128},
    {"1 << A == 8", 384, 424128},
    {"BLOCK >> A == 8", 288, 235152},
    {"C >> 1 == -1", 1152, 1320768},
    {"C << 2 < 0", 1152, 1320768},
    {"BLOCK >> BLOCK == 0", 2304, 2655360},
    {"A if D else B", 2016, 2334240},
    {"(A if B > 1 else E) == 2", 576, 631584},
    {"(A / B if B else 0) > 1", 1056, 1319568},
    {"(1 if A > 2 else 0) + (1 if B > 2 else 0) == 1", 1344, 1615776},
    {"A * 1.5 > 4.5", 1152, 1493568},
    {"A * .5 == 2", 384, 460992},
    {"A * 1e2 <= 250", 768, 737664},
    {"A / 3 == 1 / 3", 384, 350400},
    {"A in (1, 2, 4)", 1152, 1198656},
    {"A in [1, 2] + [4]", 1152, 1198656},
    {"A in [1, 2] * 2", 768, 737664},
    {"A not in [1, 2]", 1536, 1917696},
    {"A in {1, 2, 4}", 1152, 1198656},
    {"A not in range(2, 7, 2)", 1152, 1309248},
    {"A / 2 in range(4)", 1152, 1346112},
    {"C in range(3, -3, -1)", 2304, 2655360},
    {"A in range(B, E + 4)", 1280, 1399296},
    {"A in list(range(1, 4))", 1152, 1161792},
    {"A in [2 ** i for i in range(4)]", 1536, 1733376},
    {"A in [i for i in range(9) if i % 2 == 0]", 1536, 1880832},
    {"A in [i * j for i in [1, 2] for j in (1, 3)]", 1536, 1659648},
    {"A in [i + j for i, j in [(1, 1), (2, 2)]]", 768, 848256},
    {"A in [i + j for i, j in zip([1, 2], [3, 4])]", 768, 958848},
    {"sum([A, B]) < 4", 576, 550944},
    {"sum((A, B, E)) < 4", 128, 115936},
    {"sum(x for x in [A, B, E] if x > 2) > 5", 1216, 1543776},
    {"sum([1 for x in (A, B, E) if x == 2]) == 2", 320, 352672},
    {"len([x for x in [A, B, E] if x > 1]) >= 2", 1728, 2048736},
    {"len([1, 2, 3]) == E", 768, 885888},
    {"any([A > 4, B > 2])", 1152, 1452096},
    {"any(A % x == 0 for x in [3, 4])", 1536, 1917696},
    {"all(A % x == 0 for x in [1, 2])", 1536, 1880832},
    {"all(x == 0 or A % x == 0 for x in [0, 1, 2])", 1536, 1880832},
    {"any(x > 3 for x in [A, B] if x % 2 == 0)", 1440, 1794384},
    {"all(BLOCK % (A * x) == 0 for x in range(1, E if False else 3))", 1536, 1733376},
    {"1 < A < 4 <= BLOCK / 16", 576, 774432},
    {"A < B < E", 32, 29616},
    {"A == B == E == 1", 32, 28784},
    {"C // 2 * 2 + C % 2 == C", 2304, 2655360},
    {"C % 3 == 1", 1152, 1324224},
    {"C % -3 == -2", 1152, 1324224},
    {"-7 // A == -2", 768, 958848},
    {"-7 % A == 1", 1152, 1382976},
    {"BLOCK // -A <= -32", 1248, 1811568},
    {"C // B == -1", 720, 838008},
    {"C % B == 1", 576, 675936},
    {"A / C > 1", 768, 953664},
    {"A / C < -1", 864, 1050768},
    {"1 / (A / B) > 1", 384, 389568},
    {"A % (B / 2) == 0", 1536, 1811712},
    {"A // (B / 4) == 4", 288, 303120},
    {"A % 1.5 == 0", 768, 921984},
    {"A / B == B / A", 288, 303120},
    {"True and A > 2", 1536, 1917696},
    {"A > 2 and None is None", 1536, 1917696},
    {"A is None", 0, 0},
    {"A == None", 0, 0},
    {"not None and D", 1152, 1329408},
    {"(A > 2) is True", 1536, 1917696},
    {"(A > 2) is not False", 1536, 1917696},
    {"D is not True", 2304, 2655360},
    {"D == True", 1152, 1329408},
    {"A == True", 384, 350400},
    {"A + True == 3", 384, 387264},
    {"(A > 1) + (B > 1) + (E > 1) >= 2", 1728, 2048736},
    {"(A or B) * 2 == 4", 384, 387264},
    {"(B or A) == 2", 672, 764112},
    {"(B and A) == 2", 288, 293904},
    {"B and A", 1728, 2012256},
    {"B or D", 2016, 2334240},
    {"not (B or D)", 288, 321120},
    {"not (A and B)", 576, 643104},
    {"(A > 2 or B) and D", 1056, 1240512},
    {"[A, B] == [1, 2]", 96, 88752},
    {"(A, B) == (1, 2)", 96, 88752},
    {"(A, B) == [1, 2]", 0, 0},
    {"[A, B] != [1, 2]", 2208, 2566608},
    {"(A, B) in [(1, 2), (2, 1)]", 192, 184416},
    {"'a' in 'abc' and A == 1", 384, 350400},
    {"'a' == 'b' or A == 1", 384, 350400},
    {"A == 'x'", 0, 0},
    {"A != 'x'", 2304, 2655360},
    {"float(A) / 4 >= 1.5", 768, 1032576},
    {"bool(B) == D", 1152, 1328544},
    {"pow(A, 2) == 16", 384, 460992},
    {"math.pow(A, 2) == 16", 384, 460992},
    {"math.prod([A, E]) == 6", 384, 436416},
    {"math.trunc(A / 4) == 1", 768, 958848},
    {"math.fabs(C) >= 2", 1152, 1327680},
    {"0x20 == BLOCK", 576, 166176},
    {"0b11 == A", 384, 424128},
    {"0o10 == A", 384, 534720},
    {"1_0 + A == 12", 384, 387264},
    {"A == 1.", 384, 350400},
    {"+A == 2", 384, 387264},
    {"- -A == 2", 384, 387264},
    {"not not A", 2304, 2655360},
    {"not A == 1 and not B == 0", 1440, 1746000},
    {"A == 1 if D else B == 0", 480, 496608},
    {"BLOCK*A*B*E <= 1024 and BLOCK*A >= 64", 1392, 1361928},
    {"(BLOCK/A)*A == BLOCK", 2304, 2655360},
    {"BLOCK % ((A * E) / B) == 0", 768, 875520},
    {"(BLOCK // ((A*E)//E)) * ((A*E)//E) == BLOCK", 1536, 1733376},
    {"(BLOCK%A==0)and(B<2)", 768, 848256},
    {"max(A, 2.5) == 2.5", 768, 737664},
    {"min(A / 3, E) < 1", 768, 737664},
    {"max(A / 3, B / 2, E / 7) == 1", 480, 501360},
    {"abs(A / 3 - B / 2) < 1", 1248, 1372656},
    {"abs(C - A / 4) >= 2", 1248, 1440336},
    {"A * (1 / 3) == 1", 384, 424128},
    {"A - B / 4 == 0.5", 96, 88752},
    {"(A + B) / (A - B) > 2", 480, 584304},
    {"sum([i for i in range(A)]) > 3", 1152, 1493568},
    {"sum([A] * 3) == 6", 384, 387264},
    {"A == 1 | 2", 384, 424128},
    {"A == 1 & 3 | 2", 384, 424128},
    {"A + B << 1 == 8", 288, 314640},
    {"A < B + 1 << 1", 1344, 1466016},
    {"-A ** 2 == -4", 384, 387264},
    {"2 ** 3 ** 2 == 512 and D", 1152, 1329408},
    {"-2 ** 2 == -4 and D", 1152, 1329408},
    {"A % 4 in (0, 1) and B in [A, E]", 352, 400624},
    {"5 in [A, B, 5]", 2304, 2655360},
    {"[A, B]", 2304, 2655360},
    {"()", 0, 0},
    {"(A,)", 2304, 2655360},
    {"[]", 0, 0},
    {"(A > 1,)", 2304, 2655360},
    {"'x'", 2304, 2655360},
    {"''", 0, 0},
    {"0.0", 0, 0},
    {"10 ** 18 * A > 0", 2304, 2655360},
    {"A == 00", 0, 0},
    {"[x for x in [1,2]] == [1, 2]", 2304, 2655360},
    {"[x for x in range(A)]", 2304, 2655360},
    {"any(x for x in range(A))", 1920, 2304960},
    {"A & (B > 1)", 384, 396480},
    {"(A > 1) & (B > 1)", 960, 1175520},
    {"(A > 1) | (B > 1) ^ (E > 1)", 2112, 2478624},
    {"~(A > 1) == -2", 1920, 2304960},
    {"A << -1 == 1", 0, 0},
    {"A << B << E == 32", 288, 326160},
    {"B ** C", 1728, 2012256},
    {"0 ** B", 576, 643104},
    {"(B - 1) ** E", 1728, 1998432},
    {"A > 1 if B > 1 else C if D else E > 2", 1728, 2042976},
};

// F is 0.25, 0.5, 1.5 or 2.0.
constexpr Counted other_types[] = {
    {"F * 4 == N", 12, 216},
    {"F >= 0.5", 54, 2457},
    {"F in (0.5, 2)", 36, 1638},
    {"F == 1.5 or N == 1", 36, 1404},
    {"int(F) == 1", 18, 819},
    {"round(F) == 2", 36, 1962},
    {"F // 0.5 == 1", 18, 495},
    {"N % F == 0", 48, 1326},
    {"N / F > 4", 18, 291},
    {"F ** 2 < 1", 36, 666},
    {"min(F, N) == F", 60, 1986},
    {"math.log2(F) == -1", 18, 495},
    {"math.ceil(F) == N", 24, 864},
    {"F in range(3)", 18, 1143},
    {"T", 36, 1476},
    {"not T", 36, 1152},
    {"T is True", 36, 1476},
    {"T is not True and N > 1", 24, 780},
    {"T == 1", 36, 1476},
    {"F is True", 0, 0},
    {"T and F > 1", 18, 1062},
    {"S == 'float'", 24, 804},
    {"S != 'float'", 48, 1824},
    {"S in ('float', 'half')", 48, 1752},
    {"S not in ['half', 'char']", 48, 1680},
    {"S == 'char'", 0, 0},
    {"S != 'char'", 72, 2628},
    {"'half' == S", 24, 948},
    {"'l' in S", 72, 2628},
    {"S in 'float or half'", 48, 1752},
    {"S < 'float'", 24, 876},
    {"S >= 'half'", 24, 948},
    {"S", 72, 2628},
    {"S == N", 0, 0},
    {"S != 1", 72, 2628},
    {"(4 if S == 'float' else 8) * N <= 12", 40, 1396},
    {"S == 'float' and F > 1 or S == 'half' and N == 3", 20, 942},
    {"any(S == x for x in ('half', 'double'))", 48, 1824},
    {"[S, N] == ['half', 2]", 8, 316},
    {"(S, T) in [('half', True), ('float', False)]", 24, 876},
    {"S is None", 0, 0},
};
// clang-format on

TEST(PythonConditions, CountAsPython) {
  for (const Counted& one : usual) expect_count(one, whole_numbers);
  for (const Counted& one : unusual) expect_count(one, whole_numbers);
}

TEST(PythonConditions, OfDecimalsTextsAndBoolsCountAsPython) {
  const Parameters parameters{
      {.name = "F", .values = {1, 2, 6, 8}, .below = 4, .is_real = true},
      {.name = "T", .values = {0, 1}, .is_bool = true},
      {.name = "S", .values = {0, 1, 2}, .words = {"float", "double", "half"}},
      {.name = "N", .values = {1, 2, 3}}};
  for (const Counted& one : other_types) expect_count(one, parameters);
}

TEST(PythonConditions, OfTextsWithQuotesCompareTheirNumbers) {
  const Parameters parameters{{.name = "S", .values = {0, 1}, .words = {"it's", "so"}}};
  EXPECT_EQ(condition_from("S == \"it's\"", parameters), "S == 0");
  expect_count({"S == \"it's\"", 1, 1}, parameters);
}

TEST(PythonConditions, HaveNoValueWhereTheyDivideByZero) {
  for (const char* condition :
       {"A / B != 7", "A // B != 7", "A % B != 7", "not A / B == 7", "1 / B >= 0",
        "1 / (A / B) >= 0", "0 / B == 0", "(A / B) ** 2 >= 0", "min(A / B, 1) <= 1",
        "abs(A / B) >= 0", "round(A / B) >= 0", "math.ceil(A / B) >= 0", "A % (A / B) == 0",
        "B ** -1 > 0", "A / B in [A / B]", "A / B in range(-99, 99)"}) {
    const Parameters parameters{{.name = "A", .values = {3}}, {.name = "B", .values = {0}}};
    expect_count({condition, 0, 0}, parameters);
  }
}

// Returns the message of the error, which begins with the text and the column.
std::string error_of(std::string_view text) {
  try {
    return "accepted: " + condition_from(text, whole_numbers);
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(PythonErrors, HaveAColumnAndARemedy) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "'', column 1: it is empty: write an expression"},
      {"A <", "'A <', column 4: it ends too early: a value is missing"},
      {"A >= 2 && B", "'A >= 2 && B', column 8: write and for &&"},
      {"A >= 2 || B", "'A >= 2 || B', column 8: write or for ||"},
      {"(A >= 2 && B)", "'(A >= 2 && B)', column 9: write and for &&"},
      {"A >= 2 ? 1 : 0",
       "'A >= 2 ? 1 : 0', column 8: write a if condition else b for condition ? a : b"},
      {"A = 1", "'A = 1', column 3: write == for ="},
      {"!A", "'!A', column 1: write not for !"},
      {"A > 1, B > 1",
       "'A > 1, B > 1', column 6: write and between conditions, or put a list in [ ]"},
      {"lambda p: p['A'] < 3",
       "'lambda p: p['A'] < 3', column 1: a lambda is not understood: write what stands behind its "
       "colon, and A for p['A']"},
      {"1 < BLOK", "'1 < BLOK', column 5: there is no parameter 'BLOK': did you mean 'BLOCK'?"},
      {"mn(A, 1)", "'mn(A, 1)', column 1: the function mn is not understood: did you mean 'min'?"},
      {"A < 'x'", "'A < 'x'', column 3: <: these values have no order: compare numbers, or texts"},
      {"A + [1]", "'A + [1]', column 3: +: a list stands where a number is expected"},
      {"A ** 0.5 == 2",
       "'A ** 0.5 == 2', column 3: **: the exponent is no whole number: compare the power that "
       "makes it one"},
      {"A & 1.5",
       "'A & 1.5', column 3: &: this is for whole numbers: write int(...) around the operand"},
      {"math.sqrt(A) < 2",
       "'math.sqrt(A) < 2', column 1: square roots are not understood: compare squares, as in a * "
       "a <= b"},
      {"math.log2(A) * 2 > 3",
       "'math.log2(A) * 2 > 3', column 14: math.log2 of what may be no power of two can be "
       "compared "
       "with whole numbers, or rounded by int, floor or ceil: write one of these"},
      {"A / 0 > 1", "'A / 0 > 1', column 3: this divides by zero"},
      {"A == 08", "'A == 08', column 6: a number begins with 0: remove the 0"},
      {"A is 1", "'A is 1', column 3: is: this is for True, False and None: write == for is"},
      {"round(A, 1)",
       "'round(A, 1)', column 1: round takes one argument here, found 2: mend the arguments"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(error_of(text), message);
}

TEST(Python, ListsHaveSubscripts) {
  for (const auto& [text, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"[3, 5, 7][1]", "5"},
                                                                  {"[3, 5, 7][-1]", "7"},
                                                                  {"[[1, 2], [3, 4]][1][0]", "3"},
                                                                  {"(3, 5)[1 - 1] ** 2", "9"},
                                                                  {"[A, 2 * A][1]", "2 * A"}}) {
    EXPECT_EQ(whole_number_from(text, whole_numbers), value) << text;
  }
}

TEST(Python, SizesTakeParametersAsLists) {
  const std::vector<PythonConstant> constants{{.name = "n", .values = {6, 7}},
                                              {.name = "m", .values = {5}, .is_list = false}};
  for (const auto& [text, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"max(BLOCK) + min(BLOCK)", "288"},
           {"sum(A) * len(B)", "96"},
           {"max([a * 2 for a in A if a < 5])", "8"},
           {"n[0] * n[1] + m", "47"},
           {"max(BLOCK, 100)", "max(BLOCK, 100)"},
           {"n[0] * BLOCK", "6 * BLOCK"}}) {
    EXPECT_EQ(size_from(text, whole_numbers, constants), value) << text;
  }
  EXPECT_THROW(size_from("n[2]", whole_numbers, constants), Error);
  EXPECT_THROW(size_from("max(m)", whole_numbers, constants), Error);
}

// The values are Python's.
TEST(Python, FractionsAreQuotients) {
  const PythonParameter place{.name = "i", .values = {0, 255}};
  const auto value = [&](const char* text, std::int64_t i) {
    const PythonFraction found = fraction_from(text, std::span(&place, 1));
    Names names;
    names.add("i");
    const auto number = [&](const std::string& part) {
      return static_cast<double>(Expr::parse(part, names).evaluate(std::span(&i, 1)).value());
    };
    return number(found.above) / number(found.below);
  };
  const char* const atoms = "1+(i//4)*(0.1 + 0.05*(i%4)) if i%4 < 3 else ((i//4)%10)*0.1";
  EXPECT_DOUBLE_EQ(value(atoms, 0), 1);
  EXPECT_DOUBLE_EQ(value(atoms, 6), 1.2);
  EXPECT_DOUBLE_EQ(value(atoms, 55), 0.3);
  EXPECT_DOUBLE_EQ(value("1 / (i + 1)", 3), 0.25);
  EXPECT_DOUBLE_EQ(value("2 * i + 3", 10), 23);
}

TEST(PythonErrors, AreWhatIsNotUnderstood) {
  for (const char* text : {"A[0]",
                           "[1, 2][A]",
                           "[1, 2][0.5]",
                           "[1, 2][2]",
                           "[1, 2][-3]",
                           "[1, 2][0:1]",
                           "[1, 2][]",
                           "{1, 2}[0]",
                           "range(3)[0]",
                           "max(A)",
                           "A.real",
                           "math.pi < A",
                           "f'{A}' == 'x'",
                           "'a' 'b' == A",
                           "'a\\n' == A",
                           "A B",
                           "A if B",
                           "A <> 1",
                           "A := 1",
                           "A == 1 # one",
                           "{1: 2}[1]",
                           "{}",
                           "len({A, B}) == 2",
                           "sorted([A])[0]",
                           "__import__('os').system('true')",
                           "(lambda: A)()",
                           "sum([A], start=1)",
                           "1e400 > A",
                           "9223372036854775808 > A",
                           "2 ** 63 > A",
                           "A < 1j",
                           "0x < A",
                           "1_ < A",
                           "(A",
                           "[A",
                           "A)",
                           "[A for A in 5]",
                           "[i for i in [1]",
                           "[1 for [] in [1]]",
                           "len(A)",
                           "min()",
                           "min([])",
                           "A in B",
                           "A in range(0, 9, B)",
                           "A in range(1.5)",
                           "[x for x in range(A, 9)]",
                           "[i for i, j in [(1, 2, 3)]]",
                           "A << -1 << (1 << -1)",
                           "yield A",
                           "A @ B",
                           "A is B",
                           "not",
                           "and A",
                           "A and",
                           "*A",
                           "-",
                           "~'x'",
                           "-'x' == A",
                           "'x' * 2 == A",
                           "None + 1"}) {
    const std::string message = error_of(text);
    EXPECT_TRUE(message.starts_with(fmt::format("'{}', column ", text))) << message;
    EXPECT_EQ(message.find('\n'), message.npos) << message;
  }
}

std::vector<std::int64_t> numbers(std::string_view list) {
  std::vector<std::int64_t> values;
  for (const PythonItem& item : python_items(list)) {
    EXPECT_EQ(item.below, 1) << list;
    values.push_back(item.value);
  }
  return values;
}

using Whole = std::vector<std::int64_t>;

TEST(PythonValues, AreListsRangesAndComprehensions) {
  EXPECT_EQ(numbers("[1, 2, 4,]"), (Whole{1, 2, 4}));
  EXPECT_EQ(numbers("(1, 2)"), (Whole{1, 2}));
  EXPECT_EQ(numbers("range(3)"), (Whole{0, 1, 2}));
  EXPECT_EQ(numbers("range(7, 0, -3)"), (Whole{7, 4, 1}));
  EXPECT_EQ(numbers("[16 * i for i in range(1, 4)]"), (Whole{16, 32, 48}));
  EXPECT_EQ(numbers("[2**i for i in [0, 3, 5]]"), (Whole{1, 8, 32}));
  EXPECT_EQ(numbers("list(range(1, 4))"), (Whole{1, 2, 3}));
  EXPECT_EQ(numbers("[1] + [2 * i for i in range(1, 3)] + list(range(8, 10))"),
            (Whole{1, 2, 4, 8, 9}));
  EXPECT_EQ(numbers("[0] * 2 + 2 * [1]"), (Whole{0, 0, 1, 1}));
  EXPECT_EQ(numbers("[i for i in range(9) if i % 3 == 0 if i > 0]"), (Whole{3, 6}));
  EXPECT_EQ(numbers("[i * j for i in (1, 2) for j in range(i, 3)]"), (Whole{1, 2, 4}));
  EXPECT_EQ(numbers("[a + b for a, b in [(1, 2), (3, 4)]]"), (Whole{3, 7}));
  EXPECT_EQ(numbers("[a * b for (a, b) in zip([1, 2], [3, 4, 5])]"), (Whole{3, 8}));
  EXPECT_EQ(numbers("[i for i in [j + 1 for j in range(2)]]"), (Whole{1, 2}));
  EXPECT_EQ(numbers("[-7 // 2, -7 % 2, 7 % -2, -2**2, 8 / 2]"), (Whole{-4, 1, -1, -4, 4}));
  EXPECT_EQ(
      numbers("[max(1, 2), int(2.5), round(2.5), round(3.5), 0x10, 1_0, len([1]), sum([1, 2])]"),
      (Whole{2, 2, 2, 4, 16, 10, 1, 3}));
  EXPECT_EQ(numbers("[int(math.log2(i)) for i in (1, 5, 8)]"), (Whole{0, 2, 3}));
  EXPECT_EQ(numbers("[]"), Whole{});
  EXPECT_EQ(numbers("[i for i in range(65535)]").size(), 65535u);
}

TEST(PythonValues, HaveTypes) {
  const std::vector<PythonItem> items = python_items("[1.5, .25, 2.0, 1e3, 1, True, 'a b', 1 / 3]");
  ASSERT_EQ(items.size(), 8u);
  const auto is = [&](std::size_t i, std::int64_t value, std::int64_t below) {
    return items[i].value == value && items[i].below == below;
  };
  EXPECT_TRUE(is(0, 3, 2) && is(1, 1, 4) && is(2, 2, 1) && is(3, 1000, 1) && is(7, 1, 3));
  EXPECT_TRUE(items[2].is_real && items[3].is_real && items[7].is_real);
  EXPECT_FALSE(items[4].is_real || items[4].is_bool);
  EXPECT_TRUE(items[5].is_bool);
  EXPECT_EQ(items[6].kind, PythonItem::Kind::text);
  EXPECT_EQ(items[6].text, "a b");
}

TEST(PythonValues, WhatIsNotUnderstoodIsAnError) {
  for (const char* text : {"[x]",
                           "[1",
                           "__import__('os')",
                           "[i for i in open('x')]",
                           "[1//0]",
                           "lambda: 1",
                           "[2**100]",
                           "range(1,2,0)",
                           "7",
                           "['a\\n']",
                           "list(3)",
                           "[1] - [1]",
                           "[1] + 2",
                           "sorted([1])",
                           "list([1]",
                           "range(10**9)",
                           "[[1]]",
                           "[None]",
                           "[0] * 65537",
                           "[1] + (2,)",
                           "[0] * 1.5",
                           "'abc'",
                           "range(2**63 - 1, 0 - 2**62, -1)"}) {
    EXPECT_THROW(numbers(text), Error) << text;
  }
}

// Whatever a stranger writes takes little time, memory and stack.
TEST(PythonErrors, AreTextsThatAreTooMuch) {
  const auto repeated = [](const std::string& part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
  };
  for (const char* opening :
       {"(", "[", "not ", "-", "2 ** ", "min(", "A if A else ", "any(", "{"}) {
    EXPECT_THAT(error_of(repeated(opening, 100'000)), HasSubstr("nested too deeply")) << opening;
  }
  for (const char* op : {"+", " and ", " or ", "*", "//", " < ", " in ", "|", "<<"}) {
    const std::string text = "A" + repeated(std::string(op) + "A", 100'000);
    EXPECT_THAT(error_of(text), HasSubstr("split it")) << op;
  }
  std::string power = "A", fraction = "A", chain = "A", both = "A", ifs = "A";
  for (int i = 0; i < 12; ++i) power = "(" + power + ") ** 16 // 3 - A";
  for (int i = 0; i < 45; ++i) fraction = "(A % (C / (" + fraction + ")))";
  for (int i = 0; i < 90; ++i) chain = "(A < " + chain + " < A)";
  for (int i = 0; i < 45; ++i) both = "((" + both + ") or A) * ((A or B) and C)";
  for (int i = 0; i < 45; ++i) ifs = "((" + ifs + ") / C if A else B)";
  for (const std::string& text : {fraction, chain, both}) {
    EXPECT_THROW(condition_from(text, whole_numbers), Error) << text;
    EXPECT_THROW(whole_number_from(text, whole_numbers), Error) << text;
  }
  for (const std::string& text : {power, ifs}) EXPECT_LT(error_of(text).size(), 20'000u);
  for (const char* text :
       {"[[0] * 65536 for i in range(100)]", "[i + j for i in range(60000) for j in range(60000)]",
        "[0 for i in range(60000) for j in range(60000) if i + j < 0]",
        "sum(A * i for i in range(60000)) > 0", "A in range(10 ** 9) and A in list(range(10 ** 9))",
        "('x' * 9) in ['x']", "any(any(A > i + j for i in range(9000)) for j in range(9000))",
        "len([x for x in [A + 1] * 60000 if x > 2]) > 2"}) {
    EXPECT_THROW(condition_from(text, whole_numbers), Error) << text;
  }
}

TEST(PythonNumbers, AreRoundedTowardsZero) {
  EXPECT_EQ(whole_number_from("(1000 + BLOCK - 1) / BLOCK", whole_numbers),
            "(1000 + BLOCK - 1) / BLOCK");
  EXPECT_EQ(whole_number_from("BLOCK * 1.5", whole_numbers), "BLOCK * 3 / 2");
  EXPECT_EQ(whole_number_from("7 / 2", {}), "3");
  EXPECT_EQ(whole_number_from("math.ceil(100 / BLOCK)", whole_numbers), "ceil_div(100, BLOCK)");
  EXPECT_THROW(whole_number_from("'7'", {}), Error);
}

}  // namespace
}  // namespace tw
