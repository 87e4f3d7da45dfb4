// The names in the sources of a unit that another spelling needs once the sources stand in a
// namespace. Private to this room.
#pragma once
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace tw::header {

// Names that sources declare. The sources are read lightly: no macro is expanded, and all branches
// of an #if count.
struct UnitNames {
  using Set = std::set<std::string, std::less<>>;
  Set global;    // functions, variables, types, namespaces and enumerators at global scope
  Set macros;    // all macros
  Set linkages;  // macros that are "C"
  Set externs;   // macros that contain extern
};
// Adds the names of a source.
void add_names(std::string_view source, UnitNames& names);

}  // namespace tw::header
