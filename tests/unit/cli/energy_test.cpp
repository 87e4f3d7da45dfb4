// --objective: searches, winners and headers by energy. The energies are those of a recording, or
// rows that the test adds.
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

using nlohmann::json;

class CliEnergy : public Cli {
 protected:
  // Writes a recording in which x=3 y=1 is the fastest, and x=1 y=0 uses the least energy.
  void write_energies(const std::string& name) {
    write_recording_of("gemm f32 m=64,n=64,k=64", name);
    Recording recording = read_recording((folder_ / name).string());
    for (RecordedTrial& trial : recording.trials) {
      const auto x = static_cast<double>(trial.configuration[0] - 1);
      const auto y = static_cast<double>(trial.configuration[1]);
      if (trial.measurement.outcome != Outcome::ok) continue;
      trial.measurement.energy_mj = 40 + 4 * (x * x + y * y);
      trial.measurement.mean_power_w = 1e6 * trial.measurement.energy_mj / trial.value_ns;
    }
    recording.baseline = {"cublas", "13", {1.2e6}, 60, 500};
    write_recording(recording, (folder_ / name).string());
  }
  json document(const std::string& arguments) {
    const Ran ran = tune(arguments);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return json::parse(ran.out, nullptr, false);
  }
  const std::string replay_ =
      "--device replay:e.t4.json --strategy exhaustive --budget 100 --quiet";
};

TEST_F(CliEnergy, WhatCannotMeasureItIsRefusedBeforeAnythingRuns) {
  const std::string asked = std::string(gemm) + " --objective energy";
  expect_fault(asked + " --device cpu",
               {"--objective energy: the cpu device emulates a GPU", "--objective time"});
  expect_fault(std::string(gemm) + " --device cpu --objective 'time*energy'",
               {"--objective time*energy: the cpu device"});
  write_recording_of("gemm f32 m=64,n=64,k=64", "times.t4.json");
  expect_fault("--device replay:times.t4.json --objective energy",
               {"times.t4.json holds no energies", "tune record --objective energy"});
  EXPECT_FALSE(fs::exists(folder_ / "tilewright.db"));
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "cache")) {
    EXPECT_TRUE(entry.is_directory()) << entry.path() << " was compiled";
  }
}

TEST_F(CliEnergy, OptionsThatMakeNoSenseWithItAreRefused) {
  expect_fault(std::string(gemm) + " --objective power", {"--objective", "time*energy"});
  expect_fault(std::string(gemm) + " --objective energy --budget auto",
               {"--budget auto needs --objective time, not energy"});
  expect_fault("query trials --objective energy", {"--objective is for winners"});
  expect_fault("emit --op gemm --out x --objective energy --kernels 4",
               {"--kernels, --max-regret and --max-bytes choose by times"});
  expect_fault("recheck --objective energy", {"--objective"});
}

TEST_F(CliEnergy, ASearchByEnergyFindsTheLeastEnergy) {
  write_energies("e.t4.json");
  const json result = document(replay_ + " --objective energy --json").at("results").at(0);
  EXPECT_EQ(result.at("objective"), "energy");
  EXPECT_TRUE(result.at("roofline_ns").is_null());
  EXPECT_FALSE(result.contains("certificate"));
  const json& first = result.at("ranking").at(0);
  EXPECT_EQ(first.at("configuration"), "x=1 y=0");
  EXPECT_EQ(first.at("energy_mj"), 40);
  EXPECT_EQ(first.at("energy_interval_mj"), json({40, 40}));
  EXPECT_GT(first.at("mean_power_w"), 30);
  EXPECT_TRUE(first.at("raced"));
  EXPECT_TRUE(first.at("of_roofline").is_null());
  const json& second = result.at("ranking").at(1);
  EXPECT_NEAR(second.at("slower").at(0).get<double>(), 1.1, 1e-6);
}

TEST_F(CliEnergy, TheTableShowsEnergyAndPower) {
  write_energies("e.t4.json");
  const Ran ran = tune(replay_ + " --objective energy");
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* part : {"minimise energy", "best     toy: x=1 y=0", "40.00 mJ", " W ",
                           "worse by", "10.0 to 10.0 %"}) {
    EXPECT_NE(ran.out.find(part), std::string::npos) << part << " in\n" << ran.out;
  }
  for (const char* part : {"roof", "found", "fastest"}) {
    EXPECT_EQ(ran.out.find(part), std::string::npos) << part << " in\n" << ran.out;
  }
}

TEST_F(CliEnergy, EachObjectiveHasItsOwnWinnerAndItsOwnTrials) {
  write_energies("e.t4.json");
  write_recording_of("gemm f32 m=64,n=64,k=64", "times.t4.json");
  const std::string times = "--device replay:times.t4.json --strategy exhaustive --budget 100 ";
  EXPECT_EQ(document(times + "--quiet --json").at("results").at(0).at("known"), 0);
  const json energies = document(replay_ + " --objective energy --json").at("results").at(0);
  EXPECT_EQ(energies.at("known"), 1) << "a failure is one whatever is minimised";
  EXPECT_EQ(energies.at("evaluated"), 23);
  EXPECT_EQ(document(replay_ + " --json").at("results").at(0).at("known"), 24);

  const auto winner = [&](const std::string& options) {
    return document("query --source replayed --json " + options).at("winners").at(0);
  };
  EXPECT_EQ(winner("").at("configuration"), "x=3 y=1");
  const json frugal = winner("--objective energy");
  EXPECT_EQ(frugal.at("configuration"), "x=1 y=0");
  EXPECT_EQ(frugal.at("energy_mj"), 40);
  EXPECT_EQ(winner("--objective 'time*energy'").at("configuration"), "x=1 y=0");
  const Ran table = tune("query --source replayed --objective energy");
  EXPECT_NE(table.out.find("40.00 mJ"), std::string::npos) << table.out;
  const Ran shell = tune("query trials --source replayed --csv");
  EXPECT_NE(shell.out.find("energy_mj"), std::string::npos);
}

TEST_F(CliEnergy, EnergiesTravelInFiles) {
  write_energies("e.t4.json");
  ASSERT_EQ(tune("import e.t4.json --db all.db").code, 0);
  ASSERT_EQ(tune("export --db all.db --out all.csv").code, 0);
  ASSERT_EQ(tune("import all.csv --db again.db").code, 0);
  const json frugal = document("query --db again.db --objective energy --json").at("winners").at(0);
  EXPECT_EQ(frugal.at("configuration"), "x=1 y=0");
  EXPECT_EQ(frugal.at("energy_mj"), 40);
  EXPECT_EQ(frugal.at("baseline_energy_mj"), 60);
}

TEST_F(CliEnergy, AHeaderHoldsTheWinnersByTheObjective) {
  fs::copy(test_data("check"), folder_, fs::copy_options::recursive);
  ASSERT_EQ(tune("--spec op.toml --device cpu --trust-code --quiet --kernel whole --strategy "
                 "exhaustive --budget 100 --shape n=256")
                .code,
            0);
  const std::string emit = "emit --spec op.toml --source cpu --check off --format json --out out ";
  const Ran none = tune(emit + "--objective energy");
  EXPECT_EQ(none.code, 1);
  EXPECT_NE(none.err.find("no cpu winner of twice by energy: tune with --objective energy first"),
            std::string::npos)
      << none.err;

  // The slowest configuration uses the least energy.
  std::string slowest;
  {
    Store store = Store::open((folder_ / "tilewright.db").string(), Store::Mode::read_write);
    RunInfo info = store.runs().front().info;
    info.objective = Objective::energy;
    const std::int64_t run = store.begin_run(info);
    double most_ns = 0;
    for (Trial& trial : store.known(info.context)) {
      Measurement& measurement = trial.measurement;
      const double ns = measurement.median_ns();
      if (measurement.outcome != Outcome::ok) continue;
      measurement.energy_mj = 1e9 / ns;
      if (ns > most_ns) slowest = trial.configuration;
      most_ns = std::max(most_ns, ns);
      store.append(run, TrialKind::search, info.context, trial.configuration, measurement);
    }
  }
  ASSERT_EQ(tune(emit + "--objective energy").code, 0);
  const json winner = json::parse(text_of_file(folder_ / "out/twice.json")).at("winners").at(0);
  EXPECT_GT(winner.at("energy_mj"), 0);
  std::string configuration;
  for (const auto& [name, value] : winner.at("knobs").items()) {
    configuration += (configuration.empty() ? "" : " ") + name + "=" + value.dump();
  }
  EXPECT_EQ(configuration, slowest);
  ASSERT_EQ(
      tune("emit --spec op.toml --source cpu --check off --out header --objective energy").code, 0);
  const std::string header = text_of_file(folder_ / "header/twice.cuh");
  EXPECT_NE(header.find("The winners have the least energy a launch"), std::string::npos);
  EXPECT_NE(header.find(" mJ"), std::string::npos);
  const json selected =
      document("select --spec op.toml --source cpu --shape n=256 --objective energy --json");
  EXPECT_EQ(selected.at("results").at(0).at("configuration"), slowest);
}

}  // namespace
}  // namespace tw
