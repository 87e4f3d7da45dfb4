// tune db: what a user sees of a sound, a damaged and a busy database.
#include <nlohmann/json.hpp>

#include "session/setup/claims.h"
#include "unit/cli/fixture.h"

namespace tw {
namespace {

using nlohmann::json;

class CliDb : public Cli {
 protected:
  void SetUp() override {
    write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
    const std::string words = std::string(gemm) + " --device replay:toy.t4.json.gz --budget 24";
    ASSERT_EQ(tune(words).code, 0);
  }
  json document(const std::string& arguments, int code = 0) {
    const Ran ran = tune(arguments);
    EXPECT_EQ(ran.code, code) << ran.err;
    return json::parse(ran.out, nullptr, false);
  }
};

TEST_F(CliDb, InfoShowsWhatTheFileHolds) {
  const Ran ran = tune("db info");
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* part : {"schema", "gemm", "NVIDIA Toy", "replayed", "winners  1", "dates"}) {
    EXPECT_NE(ran.out.find(part), std::string::npos) << part << " in\n" << ran.out;
  }
  const json info = document("db info tilewright.db --json");
  EXPECT_EQ(info.at("ops").at(0).at("op"), "gemm");
  EXPECT_EQ(info.at("devices").at(0).at("device_model"), "NVIDIA Toy");
  EXPECT_EQ(info.at("rows").at("trial"), info.at("trials_by_source").at("replayed"));
  EXPECT_EQ(info, document("db info --db tilewright.db --json"));
  expect_fault("db info none.db", {"there is no such database"});
  expect_fault("db info a.db --db b.db", {"name one database"});
  EXPECT_FALSE(fs::exists(folder_ / "none.db"));
}

TEST_F(CliDb, CheckSaysWhatIsWrongAndWhatToDo) {
  EXPECT_EQ(tune("db check").out, "tilewright.db: sound\n");
  EXPECT_EQ(document("db check --json").at("sound"), true);
  ASSERT_EQ(std::system(("sqlite3 '" + (folder_ / "tilewright.db").string() +
                         "' \"UPDATE trial SET median_ns = 1 WHERE id = 2\"")
                            .c_str()),
            0);
  const Ran ran = tune("db check");
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.out.find("trial 2: its median is 1 ns"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("tune --fresh"), std::string::npos) << ran.out;
  const json found = document("db check --json", 1);
  EXPECT_EQ(found.at("sound"), false);
  EXPECT_EQ(found.at("faults").size(), 1u);
  write("text.db", std::string(5000, 'x'));
  expect_fault("db check text.db", {"is not an SQLite database"});
}

TEST_F(CliDb, PruneAndVacuumAreRefusedWhileASearchRuns) {
  {
    Situation situation;
    situation.op = "gemm";
    Claims claims((folder_ / "tilewright.db").string());
    ASSERT_TRUE(claims.try_claim(situation));
    for (const char* action : {"vacuum", "prune"}) {
      expect_fault(std::string("db ") + action, {"another process searches with it"});
    }
  }
  const json vacuumed = document("db vacuum --json");
  EXPECT_LE(vacuumed.at("bytes_after"), vacuumed.at("bytes_before"));
  EXPECT_NE(tune("db prune --dry-run").out.find("would remove 0 trials"), std::string::npos);
  EXPECT_EQ(document("db prune --keep-days 0 --json").at("keep_days"), 0);
  EXPECT_EQ(tune("query").code, 0) << "the winner is still there";
}

TEST_F(CliDb, TheFamilyHasHelp) {
  const Ran ran = tune("db --help");
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.out.find("db vacuum"), std::string::npos) << ran.out;
  expect_fault("db", {"add one of info, check, vacuum, prune"});
}

}  // namespace
}  // namespace tw
