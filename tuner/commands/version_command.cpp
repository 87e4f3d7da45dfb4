// tune --version: the version, the commit, and what was compiled in.
#include <fmt/format.h>

#include <boost/version.hpp>
#include <nlohmann/json.hpp>

#include "commands/commands.h"
#include "core/base/error.h"
#include "db/store.h"
#include "db/upkeep/info.h"
#include "devices/registry/registry.h"
#include "ui/json_text.h"
#include "ui/version.h"

namespace tw {
namespace {

std::string compiler_text() {
#ifdef __clang__
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string build_text() {
#ifdef NDEBUG
  std::string text = "optimised";
#else
  std::string text = "with assertions";
#endif
#ifdef __SANITIZE_ADDRESS__
  text += ", AddressSanitizer";
#endif
#ifdef __SANITIZE_THREAD__
  text += ", ThreadSanitizer";
#endif
  return text;
}

std::string version_of_fmt() {
  return fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100);
}

std::string version_of_boost() {
  return fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
                     BOOST_VERSION % 100);
}

nlohmann::ordered_json version_json() {
  const std::string cuda = cuda_toolkit_of_build();
  return {
      {"tilewright", version()},
      {"commit", commit()},
      {"compiler", compiler_text()},
      {"build", build_text()},
      {"cuda_device", !cuda.empty()},
      {"cuda_toolkit", known(!cuda.empty(), cuda)},
      {"database_schema", schema_version()},
      {"measuring_protocol", protocol_version},
      {"libraries",
       {{"sqlite", sqlite_version()},
        {"fmt", version_of_fmt()},
        {"boost", version_of_boost()},
        {"nlohmann_json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR,
                                      NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)}}}};
}

}  // namespace

int version_command(const Words& words) {
  const bool json = words == Words{"--json"};
  if (!words.empty() && !json) {
    throw Error(fmt::format("tune --version {}: only --json may follow it", words.front()));
  }
  const nlohmann::ordered_json facts = version_json();
  if (json) {
    fmt::print("{}\n", json_text(facts));
    return exit_found;
  }
  const std::string cuda = cuda_toolkit_of_build();
  std::string libraries;
  for (const auto& [name, number] : facts.at("libraries").items()) {
    libraries +=
        fmt::format("{}{} {}", libraries.empty() ? "" : ", ", name, number.get<std::string>());
  }
  fmt::print("{}\ndevices    cpu, replay{}\ncompiler   {}, {}\nlibraries  {}\n", version_text(),
             cuda.empty() ? "; built without the CUDA toolkit, so there is no cuda"
                          : fmt::format(", cuda (headers of CUDA {})", cuda),
             compiler_text(), build_text(), libraries);
  fmt::print("database   schema {}, measuring protocol {}\n", schema_version(), protocol_version);
  return exit_found;
}

}  // namespace tw
