// Specs: an op.toml and a kernel's file, with a line "%%" between them. An accepted spec solves a
// problem, or says why not.
#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "core/text/toml_file.h"
#include "fuzz.h"

namespace {

using namespace tw;

// Returns the op's name, which is also the name of a spec's folder.
std::string name_in(const std::string& op) {
  const TomlNode root = parse_toml(op, "op.toml");
  return TomlTable(root, "op.toml", "").table("op").text("name", "x");
}

void solve(const OpSpec& op, const std::string& shape) {
  const std::string dtype(name_of(op.dtypes.front()));
  const Problem problem = parse_problem(op, {shape, dtype});
  check_memory(op, problem, emulated_device(90));
  roofline_ns(op, problem, emulated_device(90));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> files = fuzz::parts_of(fuzz::text_of(data, size), "%%");
  fuzz::accepts([&] { parse_bare_space(files.back(), "x.toml"); });
  fuzz::accepts([&] {
    const std::string folder = name_in(files.front()) + "/";
    Texts spaces{{folder + "op.toml", files.front()}};
    if (files.size() > 1) spaces[folder + "kernel.toml"] = files.back();
    const Catalog catalog = Catalog::load(spaces, builtin_sources());
    const OpSpec& op = catalog.ops().front().op;
    std::vector<std::string> shapes = op.edge_shapes;
    shapes.emplace_back("2x2x2");
    for (const std::string& shape : shapes) fuzz::accepts([&] { solve(op, shape); });
  });
  return 0;
}
