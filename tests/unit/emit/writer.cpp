// Writes the files that the tests of emitted code compile, below <folder>:
//   tuned           the tuning of emit_fixture.h
//   other           another tuning of the same op, in namespace other
//   defaults        the same op without winners, in namespace defaults
//   reduced         products whose rows are reduced
//   pointers        products of batches that are given by pointers
//   mixed           an op whose tensors have several types
//   given           kernels with macros
//   split           products with two kernels, each in a file of its own
//   split_given     kernels with macros, each in a file of its own
//   matrix          headers that are only compiled (emit_matrix.h)
//   reach           one problem, without the defaults that its calls do not reach
//   code            the op of tests/data/code, tuned for sm_90a
//   constants       winners that differ in the constants of their chain
//   cubin           winners as compiled code (emit_cubin_fixture.h)
//   selected.h      the choice of branches of tuned, under a name without its digest
//   selected_reduced.h  the same for reduced
//   selected_portfolio.h  the same for eight configurations that serve 24 problems
#include <fmt/format.h>

#include <cstdio>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "unit/emit/cubin_fixture.h"
#include "unit/emit/fixture.h"
#include "unit/emit/matrix.h"
#include "unit/support/paths.h"

namespace {

// Writes the tuning, and a header that names its choice of branches.
void write(const std::string& folder, const tw::EmitRequest& request, const std::string& tuning,
           const std::string& name) {
  const auto files = tw::emit(request);
  tw::write_files(folder + "/" + tuning, files);
  std::string digest;
  for (const auto& [path, text] : files) {
    if (path.starts_with("tilewright_")) digest = path.substr(11, path.find('/') - 11);
  }
  tw::write_files(folder,
                  {{name + ".h", fmt::format("#include \"{0}/tilewright_{1}/dispatch/select.h\"\n"
                                             "namespace {2} = tw_{1}::dispatch_{3};\n"
                                             "namespace {2}_dispatch = tw_{1}::dispatch;\n",
                                             tuning, digest, name, request.op)}});
}

}  // namespace

int main(int count, char** words) try {
  if (count != 2) throw tw::Error("usage: emit_writer FOLDER");
  const std::string folder = words[1];
  const tw::Catalog catalog = tw::emit_fixture::catalog();
  tw::EmitRequest request = tw::emit_fixture::request(catalog);
  write(folder, request, "tuned", "selected");
  write(folder, tw::emit_fixture::reduced_request(), "reduced", "selected_reduced");
  write(folder, tw::emit_fixture::portfolio_request(), "portfolio", "selected_portfolio");
  tw::EmitRequest split = tw::emit_fixture::portfolio_request();
  split.winners.resize(3);
  split.split = true;
  tw::emit_matrix::write(folder + "/split", split);
  tw::write_files(folder + "/pointers", tw::emit(tw::emit_fixture::pointers_request()));
  const tw::Catalog mixed =
      tw::Catalog::load_file(tw::test_data("mixed/op.toml"), tw::builtin_sources());
  tw::EmitRequest dequantise = tw::emit_matrix::request_for(mixed, "dequantise");
  for (const char* dtype : {"f32", "bf16"}) {
    dequantise.winners.push_back(tw::emit_matrix::winner(
        mixed, fmt::format("dequantise {} rows=100,columns=300,table=7", dtype), "block"));
  }
  tw::emit_matrix::write(folder + "/mixed", dequantise);
  const tw::Catalog given =
      tw::Catalog::load_file(tw::test_data("given/op.toml"), tw::builtin_sources());
  tw::EmitRequest smooth = tw::emit_matrix::request_for(given, "smooth");
  smooth.winners.push_back(tw::emit_matrix::winner(given, "smooth f32 n=1000", "fixed"));
  smooth.winners.push_back(tw::emit_matrix::winner(given, "smooth f32 n=2000", "any"));
  smooth.winners.push_back(tw::emit_matrix::winner(given, "smooth f32 n=3000", "any"));
  smooth.winners.back().trial.configuration = "BLOCK=64 SUM=double";
  tw::emit_matrix::write(folder + "/given", smooth);
  smooth.split = true;
  tw::emit_matrix::write(folder + "/split_given", smooth);
  const tw::Catalog mapped =
      tw::Catalog::load_file(tw::test_data("mapped/op.toml"), tw::builtin_sources());
  tw::EmitRequest widen = tw::emit_matrix::request_for(mapped, "widen");
  for (const char* dtype : {"f32", "bf16"}) {
    widen.winners.push_back(tw::emit_matrix::winner(
        mapped, fmt::format("widen {} rows=100,columns=320", dtype), "boxes"));
  }
  write(folder, widen, "mapped", "selected_mapped");
  tw::emit_matrix::write_all(folder + "/matrix");
  tw::EmitRequest reach = tw::emit_matrix::request_for(tw::emit_fixture::builtin_catalog(), "gemm");
  reach.winners = {tw::emit_matrix::winner(
      *reach.catalog, "gemm bf16 m=512,n=512,k=512,layout=nt epilogue=bias_column,relu", "wgmma")};
  reach.defaults = false;
  tw::emit_matrix::write(folder + "/reach", reach);
  const tw::Catalog code = tw::emit_matrix::own_op("code", "twice");
  tw::EmitRequest twice = tw::emit_matrix::request_for(code, "twice");
  twice.winners = {tw::emit_matrix::winner(code, "twice f32 n=1000", "specific")};
  tw::emit_matrix::write(folder + "/code", twice);
  tw::emit_matrix::write(
      folder + "/constants",
      tw::emit_fixture::with_constants(request, {"bias_column,clamp(-1,1),scale(0.1),clamp(0,6)",
                                                 "bias_column,clamp(-1,2),scale(0.1),clamp(0,5)"}));
  namespace cubin = tw::emit_cubin_fixture;
  for (const auto& requests : {cubin::smooth(), cubin::numbers(), cubin::softmax()}) {
    tw::write_files(folder + "/cubin/" + requests[0].op, tw::emit_cubin(requests, cubin::compile));
  }
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
