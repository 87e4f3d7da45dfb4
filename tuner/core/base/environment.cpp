#include "core/base/environment.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace tw {
namespace {

std::string_view name_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

}  // namespace

std::vector<std::string> environment_with(const std::vector<std::string>& added,
                                          const std::vector<std::string>& removed) {
  std::vector<std::string> all = added;
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view name = name_of(*variable);
    const bool is_changed =
        std::any_of(added.begin(), added.end(),
                    [&](const std::string& one) { return name_of(one) == name; }) ||
        std::find(removed.begin(), removed.end(), name) != removed.end();
    if (!is_changed) all.emplace_back(*variable);
  }
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace tw
