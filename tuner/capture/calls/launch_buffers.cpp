#include "capture/calls/launch_buffers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace tw::capture {
namespace {

// Returns "0X7F5D" as "0x7f5d"; empty if it is no address.
std::string address_of(std::string_view text) {
  std::string address(text);
  for (char& c : address) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return address.starts_with("0x") ? address : "";
}

}  // namespace

std::string LaunchBuffers::key() const {
  std::vector<std::string> addresses;
  for (const std::string_view input : inputs) addresses.push_back(address_of(input));
  std::sort(addresses.begin(), addresses.end());
  addresses.push_back(address_of(output));
  const auto is_unknown = [](const std::string& address) { return address.empty(); };
  if (process.empty() || std::any_of(addresses.begin(), addresses.end(), is_unknown)) return "";
  std::int64_t products = 1;
  for (const std::int64_t factor : factors) {
    if (__builtin_mul_overflow(products, factor, &products)) return "";
  }
  return fmt::format("{} {} {}", process, fmt::join(addresses, " "), products);
}

}  // namespace tw::capture
