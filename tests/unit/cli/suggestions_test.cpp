// A misspelt word of any kind is answered with the nearest one that exists.
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"

namespace tw {
namespace {

TEST_F(Cli, SuggestsTheNearestWordOfEachKind) {
  write("list.txt", "gemm m=64,n=64,k=64 dtyp=f32\n");
  const std::string shape = "--op gemm --shape m=64,n=64,k=64 --device cpu ";
  const std::pair<std::string, std::string> cases[] = {
      {"qurey", "did you mean 'query'?"},
      {"db vaccum", "did you mean 'vacuum'?"},
      {"query winers", "did you mean 'winners'?"},
      {"--op gemm --shpae 64x64x64", "did you mean --shape?"},
      {"--op gmem --shape 64x64x64", "did you mean 'gemm'?"},
      {"ops sofmax", "did you mean 'softmax'?"},
      {shape + "--kernel smit", "did you mean 'simt'?"},
      {shape + "--dtype F32", "did you mean 'f32'?"},
      {shape + "--math tf23", "did you mean 'tf32'?"},
      {shape + "--layout NT", "did you mean 'nt'?"},
      {shape + "--epilogue rleu", "did you mean 'relu'?"},
      {shape + "--strategy rnadom", "did you mean 'random'?"},
      {shape + "--l2 clod", "did you mean 'cold'?"},
      {"--op conv2d --shape n=1,c=8,h=8,w=8,k=8,r=3,ss=3", "did you mean 's'?"},
      {"--op gemm --shape m=64,n=64,k=64 --device cup", "did you mean 'cpu'?"},
      {"query trials --outcome wrong_reslut", "did you mean 'wrong_result'?"},
      {"query --source mesured", "did you mean 'measured'?"},
      {"emit --op gemm --out x --format heder", "did you mean 'header'?"},
      {"--shapes list.txt --device cpu", "did you mean 'dtype='?"},
  };
  for (const auto& [arguments, hint] : cases) expect_fault(arguments, {hint});
}

TEST_F(Cli, SaysWhichOpsTheDatabaseHasIfNoRowMatches) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  ASSERT_EQ(tune(std::string(gemm) + " --device replay:toy.t4.json.gz --budget 4").code, 0);
  const Ran op = tune("query --op gmem");
  EXPECT_EQ(op.code, 1);
  EXPECT_NE(op.err.find("there is no op 'gmem': did you mean 'gemm'?"), std::string::npos)
      << op.err;
  const Ran kernel = tune("explain --kernel tyo");
  EXPECT_EQ(kernel.code, 1);
  EXPECT_NE(kernel.err.find("no kernel 'tyo': did you mean 'toy'?"), std::string::npos)
      << kernel.err;
  EXPECT_EQ(tune("query --op gemm --kernel toy --source measured").err, "tune: no such winners\n");
}

TEST_F(Cli, VersionSaysWhatWasCompiledIn) {
  const Ran text = tune("--version");
  EXPECT_EQ(text.code, 0);
  for (const char* part : {"tilewright ", "cpu, replay", "g++", "sqlite 3.", "schema "}) {
    EXPECT_NE(text.out.find(part), std::string::npos) << part << " in " << text.out;
  }
  const nlohmann::json facts = nlohmann::json::parse(tune("--version --json").out);
  for (const char* key : {"tilewright", "commit", "compiler", "build", "database_schema"}) {
    EXPECT_TRUE(facts.contains(key)) << key;
  }
  EXPECT_TRUE(facts.at("libraries").at("sqlite").get<std::string>().starts_with("3."));
  EXPECT_EQ(facts.at("cuda_device").get<bool>(), !facts.at("cuda_toolkit").is_null());
  expect_fault("--version --jsn", {"only --json may follow it"});
}

}  // namespace
}  // namespace tw
