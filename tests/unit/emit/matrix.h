// The input of the compile tests of emitted headers: every op, with one or two of its kernels to
// save time, with no, one and several chains; and own ops with awkward names.
#pragma once
#include <fmt/format.h>

#include <filesystem>

#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/space/space.h"
#include "core/spec/sources.h"
#include "unit/emit/fixture.h"
#include "unit/support/paths.h"

namespace tw::emit_matrix {

// Returns a catalog of one op with only some of its kernels.
inline Catalog with_kernels(const std::string& op, const std::vector<std::string>& kernels) {
  Texts spaces{{op + "/op.toml", builtin_spaces().at(op + "/op.toml")}};
  for (const std::string& kernel : kernels) {
    const std::string path = op + "/" + kernel + ".toml";
    spaces[path] = builtin_spaces().at(path);
  }
  return Catalog::load(spaces, builtin_sources());
}

// Returns the files of tests/data/<folder> as the catalog of an op with that name.
inline Catalog own_op(const std::string& folder, const std::string& name) {
  namespace fs = std::filesystem;
  const fs::path root = test_data(folder);
  Texts spaces, sources = builtin_sources();
  for (const auto& item : fs::recursive_directory_iterator(root)) {
    if (!item.is_regular_file()) continue;
    const std::string path = fs::relative(item.path(), root).string();
    std::string text = read_text_file(item.path());
    if (path == "op.toml") text.replace(text.find("\"twice\""), 7, "\"" + name + "\"");
    (item.path().extension() == ".toml" ? spaces[name + "/" + path] : sources[path]) = text;
  }
  return Catalog::load(spaces, sources);
}

// Returns a winner of the problem: the kernel's default configuration.
inline Winner winner(const Catalog& catalog, const std::string& key, const std::string& kernel) {
  const OpEntry& entry = catalog.at(key.substr(0, key.find(' ')));
  const Problem problem = problem_from_key(entry.op, key);
  for (const KernelSpec& spec : entry.kernels) {
    if (spec.name != kernel) continue;
    const SearchSpace space = SearchSpace::enumerate(
        spec, slots_of(entry.op, spec.names, problem, emit_fixture::device()));
    const Configuration configuration = space[space.default_index()];
    return emit_fixture::winner(catalog, key, kernel, text_of(spec.knobs, configuration), 5000);
  }
  throw Error(fmt::format("{}: there is no kernel {}", key, kernel));
}

struct Case {
  std::string folder, op;
  std::vector<std::string> kernels;
  std::vector<std::pair<std::string, std::string>> winners;  // problem, kernel
};

inline const std::vector<Case>& builtin_cases() {
  static const std::vector<Case> cases{
      {"activation",
       "activation",
       {"stream"},
       {{"activation f32 rows=64,columns=4096 epilogue=elu", "stream"},
        {"activation f16 rows=64,columns=4096 epilogue=bias_column,clamp,clamp,gelu", "stream"},
        {"activation bf16 rows=64,columns=4096 epilogue=tanh,softplus", "stream"}}},
      {"softmax",
       "softmax",
       {"registers", "split"},
       {{"softmax bf16 rows=64,columns=4096", "registers"}}},
      {"reduce",
       "reduce",
       {"rows", "columns"},
       {{"reduce f16 outer=64,extent=512,operation=logsumexp", "rows"}}},
      {"conv2d",
       "conv2d",
       {"simt", "direct_wgmma"},
       {{"conv2d bf16 n=8,c=8,h=64,w=64,k=64,r=3,s=3,pad=1 epilogue=bias,relu,hardswish",
         "direct_wgmma"}}},
      {"conv_transpose2d",
       "conv_transpose2d",
       {"gather", "wgmma"},
       {{"conv_transpose2d f16 n=8,c=64,h=64,w=64,k=64,r=3,stride=2,pad=1,output_pad=1 "
         "epilogue=bias,clamp,div",
         "wgmma"}}},
      {"gemm",
       "gemm",
       {"wgmma", "simt"},
       {{"gemm f16 m=512,n=512,k=512,layout=nt", "wgmma"},
        {"gemm f16 m=512,n=512,k=512,layout=nt epilogue=bias_column,scale,add,gelu_tanh",
         "wgmma"}}},
      {"gemm_packed",
       "gemm",
       {"wgmma_tf32", "wgmma_packed", "wgmma_slices"},
       {{"gemm f32 m=512,n=512,k=512,layout=tn epilogue=bias_column,logsumexp", "wgmma_tf32"},
        {"gemm bf16 m=511,n=513,k=515,layout=tt epilogue=gelu_tanh", "wgmma_packed"},
        {"gemm bf16 m=40,n=512,k=512,layout=nt epilogue=bias_row,relu", "wgmma_slices"}}},
      {"gemm_mma", "gemm", {"mma"}, {{"gemm bf16 m=512,n=512,k=512,layout=nt", "mma"}}},
  };
  return cases;
}

inline void write(const std::string& folder, const EmitRequest& request) {
  write_files(folder, emit(request));
}

inline EmitRequest request_for(const Catalog& catalog, const std::string& op) {
  EmitRequest request;
  request.catalog = &catalog;
  request.op = op;
  request.defaults = true;
  request.generator = emit_fixture::hostile;
  return request;
}

inline void write_all(const std::string& folder) {
  for (const Case& one : builtin_cases()) {
    const Catalog catalog = with_kernels(one.op, one.kernels);
    EmitRequest request = request_for(catalog, one.op);
    for (const auto& [problem, kernel] : one.winners) {
      request.winners.push_back(winner(catalog, problem, kernel));
    }
    write(folder + "/" + one.folder, request);
  }
  const Catalog awkward = own_op("awkward", "twice");
  EmitRequest twice = request_for(awkward, "twice");
  twice.name_space = "tw::tuned";
  for (const char* chain : {"", " epilogue=add", " epilogue=scale,add,scale"}) {
    twice.winners.push_back(
        winner(awkward, std::string("twice f32 n=1000,match=A") + chain, "a_b_runner"));
  }
  write(folder + "/twice", twice);
  for (const char* name : {"double", "std", "math", "dispatch", "tw", "New"}) {
    const Catalog catalog = own_op("code", name);
    write(folder + "/" + name, request_for(catalog, name));
  }
}

}  // namespace tw::emit_matrix
