#include "core/from_source/c_types.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tw {
namespace {

struct Row {
  std::string_view name;
  DType dtype;
};
constexpr std::array<Row, 50> scalar_names{{
    {"float", DType::f32},
    {"double", DType::f64},
    {"half", DType::f16},
    {"__half", DType::f16},
    {"tw::f16", DType::f16},
    {"bfloat16", DType::bf16},
    {"__nv_bfloat16", DType::bf16},
    {"nv_bfloat16", DType::bf16},
    {"tw::bf16", DType::bf16},
    {"char", DType::i8},
    {"signed char", DType::i8},
    {"int8_t", DType::i8},
    {"std::int8_t", DType::i8},
    {"unsigned char", DType::u8},
    {"uchar", DType::u8},
    {"uint8_t", DType::u8},
    {"std::uint8_t", DType::u8},
    {"short", DType::i16},
    {"short int", DType::i16},
    {"int16_t", DType::i16},
    {"std::int16_t", DType::i16},
    {"unsigned short", DType::u16},
    {"ushort", DType::u16},
    {"uint16_t", DType::u16},
    {"std::uint16_t", DType::u16},
    {"int", DType::i32},
    {"signed", DType::i32},
    {"signed int", DType::i32},
    {"int32_t", DType::i32},
    {"std::int32_t", DType::i32},
    {"unsigned", DType::u32},
    {"unsigned int", DType::u32},
    {"uint", DType::u32},
    {"uint32_t", DType::u32},
    {"std::uint32_t", DType::u32},
    {"long", DType::i64},
    {"long int", DType::i64},
    {"long long", DType::i64},
    {"long long int", DType::i64},
    {"int64_t", DType::i64},
    {"std::int64_t", DType::i64},
    {"ptrdiff_t", DType::i64},
    {"unsigned long", DType::u64},
    {"unsigned long int", DType::u64},
    {"unsigned long long", DType::u64},
    {"unsigned long long int", DType::u64},
    {"size_t", DType::u64},
    {"std::size_t", DType::u64},
    {"uint64_t", DType::u64},
    {"std::uint64_t", DType::u64},
}};

// CUDA's vectors: each name is followed by the number of elements.
constexpr std::array<Row, 14> vector_names{{
    {"char", DType::i8},
    {"uchar", DType::u8},
    {"short", DType::i16},
    {"ushort", DType::u16},
    {"int", DType::i32},
    {"uint", DType::u32},
    {"long", DType::i64},
    {"ulong", DType::u64},
    {"longlong", DType::i64},
    {"ulonglong", DType::u64},
    {"float", DType::f32},
    {"double", DType::f64},
    {"half", DType::f16},
    {"__half", DType::f16},
}};

template <class Rows>
std::optional<DType> find(const Rows& rows, std::string_view name) {
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const Row& one) { return one.name == name; });
  return row == rows.end() ? std::nullopt : std::optional(row->dtype);
}

std::optional<CType> vector_type(std::string_view name) {
  if (name == "__nv_bfloat162" || name == "nv_bfloat162") return CType{DType::bf16, 2};
  if (name.empty() || name.back() < '1' || name.back() > '4') return std::nullopt;
  const auto dtype = find(vector_names, name.substr(0, name.size() - 1));
  const int lanes = name.back() - '0';
  if (!dtype || (*dtype == DType::f16 && lanes != 2)) return std::nullopt;
  return CType{*dtype, lanes};
}

}  // namespace

std::string with_single_blanks(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!is_blank) {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

std::optional<CType> c_type(std::string_view text) {
  const std::string name = with_single_blanks(text);
  if (const auto dtype = parse_dtype(name)) return CType{*dtype};
  if (name == "bool") return CType{.dtype = DType::u8, .is_bool = true};
  if (const auto dtype = find(scalar_names, name)) return CType{*dtype};
  return vector_type(name);
}

}  // namespace tw
