// Writes what the tests of emitted code compile: the tuning of emit_fixture.h into <folder>/tuned,
// others of the same op in namespaces other and defaults (without winners) into folders of these
// names, and <folder>/selected.h, which names the first one's choice of branches whatever its
// digest.
#include <fmt/format.h>

#include <cstdio>

#include "emit_fixture.h"
#include "error.h"

int main(int count, char** words) try {
  if (count != 2) throw tw::Error("usage: emit_writer FOLDER");
  const std::string folder = words[1];
  const tw::Catalog catalog = tw::emit_fixture::catalog();
  tw::EmitRequest request = tw::emit_fixture::request(catalog);
  const auto files = tw::emit(request);
  tw::write_files(folder + "/tuned", files);
  std::string digest;
  for (const auto& [path, text] : files) {
    if (path.starts_with("tilewright_")) digest = path.substr(11, path.find('/') - 11);
  }
  tw::write_files(
      folder, {{"selected.h", fmt::format("#include \"tuned/tilewright_{0}/dispatch/select.h\"\n"
                                          "namespace selected = tw_{0}::dispatch_blend;\n"
                                          "namespace selected_dispatch = tw_{0}::dispatch;\n",
                                          digest)}});
  request.name_space = "other";
  request.winners.resize(1);
  tw::write_files(folder + "/other", tw::emit(request));
  request.name_space = "defaults";
  request.winners.clear();
  tw::write_files(folder + "/defaults", tw::emit(request));
} catch (const tw::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
