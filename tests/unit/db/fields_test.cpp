// Every field of a trial, its context, its measurement and its run comes through CSV and through
// the database, whose columns are those of the tables. (A member that is in no table does not
// compile: static_assert beside the table.)
#include <SQLiteCpp/SQLiteCpp.h>

#include <set>

#include "core/types/device_info_fields.h"
#include "db/exchange/exchange.h"
#include "db/store_fields.h"
#include "unit/db/fixture.h"
#include "unit/support/filled_record.h"

namespace tw {
namespace {

class DbFields : public DbTest {
 protected:
  static SharedTrial filled() {
    SharedTrial shared;
    fill(shared.trial, trial_fields, 10);
    fill(shared.trial.context, context_fields, 20);
    fill(shared.trial.measurement, measurement_fields, 40);
    fill(shared.run, run_fields, 60);
    // These fields do not take every text.
    shared.trial.context.situation.source = Source::imported;
    shared.run.device_json = "{}";
    shared.run.context = shared.trial.context;
    fill(shared.run.context, kernel_context_fields, 80);
    shared.run_started = "the start";
    shared.run_ended = "the stop";
    shared.run_status = "finished";
    shared.trial.kind = TrialKind::race;
    shared.race_created = "the race";
    shared.race_rank = 1;
    shared.tied = 1;
    return shared;
  }
  static void expect_equal(const SharedTrial& a, const SharedTrial& b) {
    expect_equal_fields(a.trial, b.trial, trial_fields);
    expect_equal_fields(a.trial.context, b.trial.context, context_fields);
    expect_equal_fields(a.trial.measurement, b.trial.measurement, measurement_fields);
    expect_equal_fields(a.run, b.run, run_fields);
    expect_equal_fields(a.run.context, b.run.context, context_fields);
    EXPECT_EQ(a.run_started, b.run_started);
    EXPECT_EQ(a.run_ended, b.run_ended);
    EXPECT_EQ(a.run_status, b.run_status);
    EXPECT_EQ(a.race_created, b.race_created);
    EXPECT_EQ(a.race_rank, b.race_rank);
    EXPECT_EQ(a.tied, b.tied);
  }

  std::set<std::string> columns_of(const std::string& table) const {
    SQLite::Database database(path());
    SQLite::Statement query(database, "SELECT name FROM pragma_table_info(?)");
    query.bind(1, table);
    std::set<std::string> columns;
    while (query.executeStep()) columns.insert(query.getColumn(0).getString());
    return columns;
  }
  // Adds the names of a table to the columns that need no field.
  template <class... Tables>
  static std::set<std::string> with(std::set<std::string> columns, const Tables&... tables) {
    const auto add = [&](const auto& table) {
      for (const char* name : names_of(table)) columns.insert(name);
    };
    (add(tables), ...);
    return columns;
  }
};

TEST_F(DbFields, ATrialComesThroughCsv) {
  const std::vector<SharedTrial> back = trials_from_csv(csv_of({filled()}), "x.csv");
  ASSERT_EQ(back.size(), 1u);
  expect_equal(back.front(), filled());
}

// People and older files rely on the names and on their order.
TEST_F(DbFields, CsvHasItsColumnsInTheirOrder) {
  EXPECT_EQ(csv_of({}),
            "source,kind,op,problem,kernel,configuration,outcome,note,samples_ns,median_ns,"
            "compile_ms,registers,spill_bytes,smem_bytes,blocks_per_sm,error_ulps,timer,metrics,"
            "created,device_model,device_limits,driver,toolchain,l2,protocol,source_digest,"
            "race_created,race_rank,tied,run_started,run_ended,run_status,run_kernel,"
            "run_source_digest,run_toolchain,space_digest,space_size,strategy,seed,command,"
            "device_uuid,device,commit_id,verdict_digest,run_verdict_digest,oracle,epilogue,"
            "energy_mj,mean_power_w,objective\n");
}

TEST_F(DbFields, ATrialComesThroughTheDatabase) {
  import_trials({filled()}, path());
  const std::vector<SharedTrial> back = shared_trials(path(), {});
  ASSERT_EQ(back.size(), 1u);
  expect_equal(back.front(), filled());
}

TEST_F(DbFields, TheSchemaHasAColumnForEachField) {
  store();
  EXPECT_EQ(columns_of("context"), with({"id"}, context_fields));
  EXPECT_EQ(columns_of("run"),
            with({"id", "context_id", "started", "ended", "status"}, run_fields));
  EXPECT_EQ(columns_of("trial"),
            with({"context_id", "median_ns"}, trial_id_fields, trial_fields, measurement_fields));
}

// Each field decides whether trials are the same, except where they come from.
TEST_F(DbFields, FactsAreTheFieldsOfATrial) {
  const Trial trial = filled().trial;
  const auto differs = [&](auto change) {
    Trial other = trial;
    change(other);
    return facts_of(other) != facts_of(trial);
  };
  each_field(measurement_fields, [&](const auto& field) {
    EXPECT_TRUE(differs([&](Trial& t) { field.of(t.measurement) = {}; })) << field.name;
  });
  each_field(trial_fields, [&](const auto& field) {
    EXPECT_TRUE(differs([&](Trial& t) { field.of(t) = {}; })) << field.name;
  });
  each_field(context_fields, [&](const auto& field) {
    const std::string_view name = field.name;
    EXPECT_EQ(differs([&](Trial& t) { field.of(t.context) = {}; }),
              name != "source" && name != "epilogue")
        << name;
  });
}

TEST_F(DbFields, LimitsComeBackFromTheirText) {
  DeviceInfo device;
  fill(device, device_limit_fields, 1);
  device.memory_bytes = std::int64_t{140} << 30;
  const std::string text = device_limits_of(device);
  EXPECT_EQ(text,
            "cc=1 sms=2 smem_optin=3 smem_per_sm=4 regs_per_sm=5 threads_per_sm=6 blocks_per_sm=7 "
            "max_threads=8 l2_bytes=9 memory_gib=140");
  DeviceInfo back;
  set_limits(back, text);
  EXPECT_EQ(device_values(back), device_values(device));
  set_limits(back, "sms=3 warp=64 cc= =1  max_threads");
  EXPECT_EQ(back.sms, 3);
  EXPECT_EQ(back.l2_bytes, 9);
}

}  // namespace
}  // namespace tw
