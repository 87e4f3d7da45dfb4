// Writes and reads rows. The views in winners.sql decide what wins, not this file.
#include "db/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/types/device_info_fields.h"
#include "db/database.h"
#include "db/part.h"
#include "db/rows.h"

namespace tw {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<Source, std::string_view>, 4> source_names{{
    {Source::measured, "measured"},
    {Source::replayed, "replayed"},
    {Source::imported, "imported"},
    {Source::cpu, "cpu"},
}};
// In the order of TrialKind.
constexpr std::array<std::string_view, 3> kind_names{"search", "race", "baseline"};
// In the order of RunEnd.
constexpr std::array<std::string_view, 3> end_names{"finished", "exhausted", "interrupted"};

std::string limit_clause(const Filter& filter) {
  return filter.limit > 0 ? fmt::format(" LIMIT {}", filter.limit) : "";
}

// Returns the test for rows of the situation, with any toolchain.
Where in_situation(const Situation& situation) {
  Where where;
  for (const auto& [column, value] :
       {std::pair{"c.op = ?", situation.op},
        {"c.problem = ?", situation.problem},
        {"c.device_model = ?", situation.device_model},
        {"c.device_limits = ?", situation.device_limits},
        {"c.driver = ?", situation.driver},
        {"c.protocol = CAST(? AS INTEGER)", std::to_string(situation.protocol)},
        {"c.l2 = ?", std::string(name_of(situation.l2))},
        {"c.source = ?", std::string(name_of(situation.source))}}) {
    where.clause += (where.clause.empty() ? " WHERE " : " AND ") + std::string(column);
    where.values.push_back(value);
  }
  return where;
}

}  // namespace

std::string_view name_of(Source source) {
  for (const auto& [value, name] : source_names) {
    if (value == source) return name;
  }
  return "";
}

std::optional<Source> parse_source(std::string_view text) {
  for (const auto& [value, name] : source_names) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::string_view name_of(TrialKind kind) { return kind_names.at(static_cast<std::size_t>(kind)); }

std::optional<TrialKind> parse_trial_kind(std::string_view text) {
  const auto found = std::find(kind_names.begin(), kind_names.end(), text);
  if (found == kind_names.end()) return std::nullopt;
  return static_cast<TrialKind>(found - kind_names.begin());
}

std::string_view name_of(RunEnd end) { return end_names.at(static_cast<std::size_t>(end)); }

std::string device_limits_of(const DeviceInfo& info) {
  std::string text;
  each_field(device_limit_fields, [&](const auto& field) {
    constexpr std::int64_t gib = std::int64_t{1} << 30;
    const std::string_view name = field.name;
    const std::int64_t value = field.of(info);
    text += text.empty() ? "" : " ";
    text += name == "memory_bytes" ? fmt::format("memory_gib={}", (value + gib / 2) / gib)
                                   : fmt::format("{}={}", name, value);
  });
  return text;
}

void set_limits(DeviceInfo& device, std::string_view limits) {
  while (!limits.empty()) {
    const std::string_view word = limits.substr(0, limits.find(' '));
    limits.remove_prefix(std::min(word.size() + 1, limits.size()));
    const std::string_view name = word.substr(0, word.find('='));
    std::int64_t value = 0;
    std::from_chars(word.data() + std::min(name.size() + 1, word.size()), word.data() + word.size(),
                    value);
    if (name == "memory_gib") device.memory_bytes = value << 30;
    each_field(device_limit_fields, [&](const auto& field) {
      using Value = std::decay_t<decltype(field.of(device))>;
      if (name == field.name) field.of(device) = static_cast<Value>(value);
    });
  }
}

DeviceInfo device_of(const RunInfo& run, const Situation& situation) {
  DeviceInfo device;
  const json known = json::parse(run.device_json, nullptr, false);
  each_field(device_fields, [&](const auto& field) {
    const auto found = known.is_object() ? known.find(field.name) : known.end();
    if (found == known.end()) return;
    auto& value = field.of(device);
    using Value = std::decay_t<decltype(value)>;
    constexpr bool is_text = std::is_same_v<Value, std::string> || std::is_enum_v<Value>;
    if (is_text ? found->is_string() : found->is_number()) found->get_to(value);
  });
  device.model = situation.device_model;
  if (device_limits_of(device) != situation.device_limits)
    set_limits(device, situation.device_limits);
  return device;
}

struct Store::Impl {
  std::string path;
  mutable SQLite::Database database;

  template <class Action>
  auto guarded(Action action) const {
    return tw::guarded(path, action);
  }

  std::vector<Trial> read_trials(const std::string& tail, const Where& where) const;
};

// Reads the trials that match `where`. `tail` follows the WHERE clause.
std::vector<Trial> Store::Impl::read_trials(const std::string& tail, const Where& where) const {
  SQLite::Statement query(
      database, fmt::format("SELECT {} FROM trial t JOIN context c ON c.id = t.context_id{}{}",
                            trial_columns(), where.clause, tail));
  where.bind(query);
  std::vector<Trial> trials;
  while (query.executeStep()) trials.push_back(trial_from(query));
  return trials;
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Store Store::open(const std::string& path, Mode mode) {
  return Store(std::unique_ptr<Impl>(new Impl{path, open_database(path, mode)}));
}

Store Store::open_part(const std::string& path, Aspect aspect, const std::string& value) {
  Store store = open(path, Mode::read_only);
  store.impl_->guarded([&] { keep_only(store.impl_->database, aspect, value); });
  return store;
}

std::int64_t Store::begin_run(const RunInfo& run) {
  return impl_->guarded([&] {
    Write write(impl_->database);
    const std::int64_t id = insert_run(impl_->database, run);
    write.commit();
    return id;
  });
}

void Store::end_run(std::int64_t run, RunEnd end, std::string_view certificate) {
  std::string status(name_of(end));
  if (!certificate.empty()) status += fmt::format(": {}", certificate);
  impl_->guarded([&] {
    Write write(impl_->database);
    SQLite::Statement update(impl_->database,
                             "UPDATE run SET status = ?, ended = max(started, "
                             "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) WHERE id = ?");
    update.bind(1, status);
    update.bind(2, run);
    update.exec();
    write.commit();
  });
}

std::int64_t Store::append(std::int64_t run, TrialKind kind, const Context& context,
                           std::string_view configuration, const Measurement& measurement) {
  return impl_->guarded([&] {
    Write write(impl_->database);
    const std::int64_t id =
        insert_trial(impl_->database, run, kind, context, configuration, measurement);
    write.commit();
    return id;
  });
}

void Store::append_race(std::int64_t run, const std::vector<Finalist>& ranking, std::size_t tied) {
  impl_->guarded([&] {
    Write write(impl_->database);
    SQLite::Statement insert_race(impl_->database, "INSERT INTO race (run_id) VALUES (?)");
    insert_race.bind(1, run);
    insert_race.exec();
    const std::int64_t race = impl_->database.getLastInsertRowid();
    for (std::size_t i = 0; i < ranking.size(); ++i) {
      const Finalist& finalist = ranking[i];
      const std::int64_t trial =
          insert_trial(impl_->database, run, TrialKind::race, finalist.context,
                       finalist.configuration, finalist.measurement);
      SQLite::Statement insert(
          impl_->database, "INSERT INTO finalist (race_id, rank, trial_id, tied) VALUES (?,?,?,?)");
      insert.bind(1, race);
      insert.bind(2, static_cast<std::int64_t>(i + 1));
      insert.bind(3, trial);
      insert.bind(4, i < tied ? 1 : 0);
      insert.exec();
    }
    write.commit();
  });
}

std::vector<Trial> Store::known(const Context& context) const {
  return impl_->guarded([&] {
    SQLite::Statement query(
        impl_->database,
        fmt::format("SELECT {} FROM context c JOIN verdict v ON v.context_id = c.id "
                    "JOIN trial t ON t.id = v.id WHERE ({}) = ({}) ORDER BY t.id",
                    trial_columns(), column_list(context_key_fields), marks(context_key_fields)));
    int at = 0;
    bind_fields(query, at, context_key_fields, context);
    std::vector<Trial> trials;
    while (query.executeStep()) trials.push_back(trial_from(query));
    return trials;
  });
}

std::vector<Context> Store::contexts(const std::string& op, const std::string& kernel) const {
  Where where;
  where.clause = " WHERE c.op = ? AND c.kernel = ? AND t.kind = 'search'";
  where.values = {op, kernel};
  return impl_->guarded([&] {
    std::vector<Context> contexts;
    // Imported contexts are sorted by their contents, so that the order of merging does not matter.
    for (Trial& first : impl_->read_trials(
             " GROUP BY c.id ORDER BY c.source = 'imported', CASE c.source WHEN 'imported' THEN "
             "min(t.created) || ' ' || c.problem || c.source_digest || c.device_model || "
             "c.device_limits || c.driver || c.toolchain || c.l2 || c.verdict_digest "
             "ELSE printf('%020d', c.id) END",
             where)) {
      contexts.push_back(std::move(first.context));
    }
    return contexts;
  });
}

std::vector<std::string> Store::values_of(Aspect aspect, const Filter& filter) const {
  Where where;
  where.add(filter);
  where.add("t.kind <> ?", std::string(name_of(TrialKind::baseline)));
  where.add("t.outcome = ?", std::string(name_of(Outcome::ok)));
  return impl_->guarded([&] {
    SQLite::Statement query(
        impl_->database,
        fmt::format("SELECT c.{0} FROM context c JOIN trial t ON t.context_id = c.id{1} "
                    "GROUP BY c.{0} ORDER BY min(t.created), min(t.id)",
                    context_column(aspect), where.clause));
    where.bind(query);
    std::vector<std::string> values;
    while (query.executeStep()) values.push_back(query.getColumn(0).getString());
    return values;
  });
}

std::vector<Trial> Store::trials(const Filter& filter) const {
  Where where;
  where.add(filter);
  where.add("t.outcome = ?", filter.outcome ? std::string(name_of(*filter.outcome)) : "");
  return impl_->guarded(
      [&] { return impl_->read_trials(" ORDER BY t.id DESC" + limit_clause(filter), where); });
}

std::vector<StoredRun> Store::runs() const {
  return impl_->guarded([&] {
    SQLite::Statement query(
        impl_->database,
        fmt::format("SELECT r.id, r.started, coalesce(r.ended, ''), r.status, {}, {} FROM run r "
                    "JOIN context c ON c.id = r.context_id ORDER BY r.id",
                    column_list(run_fields, "r."), column_list(context_fields, "c.")));
    std::vector<StoredRun> runs;
    while (query.executeStep()) {
      StoredRun& run = runs.emplace_back();
      run.id = query.getColumn(0).getInt64();
      run.started = query.getColumn(1).getString();
      run.ended = query.getColumn(2).getString();
      run.status = query.getColumn(3).getString();
      int column = 4;
      read_fields(query, column, run_fields, run.info);
      read_fields(query, column, context_fields, run.info.context);
    }
    return runs;
  });
}

std::vector<Trial> Store::finalists(std::int64_t winner_trial) const {
  return impl_->guarded([&] {
    SQLite::Statement query(
        impl_->database, fmt::format("SELECT {} FROM trial t JOIN context c ON c.id = t.context_id "
                                     "LEFT JOIN finalist f ON f.trial_id = t.id "
                                     "WHERE t.id = ?1 OR (t.outcome = 'ok' AND f.race_id = (SELECT "
                                     "race_id FROM finalist WHERE trial_id = ?1)) ORDER BY f.rank",
                                     trial_columns()));
    query.bind(1, winner_trial);
    std::vector<Trial> trials;
    while (query.executeStep()) trials.push_back(trial_from(query));
    return trials;
  });
}

std::vector<Winner> Store::winners(const Filter& filter) const {
  Filter strict = filter;
  if (strict.source.empty()) strict.source = name_of(Source::measured);
  if (strict.l2.empty()) strict.l2 = name_of(L2::cold);
  Where where;
  where.add(strict);
  return impl_->guarded([&] {
    SQLite::Statement query(
        impl_->database,
        fmt::format("SELECT {}, w.raced, w.tied, w.baseline_ns, w.baseline, w.baseline_energy_mj "
                    "FROM {} w JOIN trial t ON t.id = w.trial JOIN context c ON c.id = "
                    "t.context_id{} ORDER BY c.op, c.problem, c.device_model, c.device_limits{}",
                    trial_columns(), winners_view_of(filter.objective), where.clause,
                    limit_clause(filter)));
    where.bind(query);
    std::vector<Winner> winners;
    while (query.executeStep()) {
      Winner& winner = winners.emplace_back();
      winner.trial = trial_from(query);
      winner.raced = query.getColumn(trial_column_count).getInt() != 0;
      winner.tied = json::parse(query.getColumn(trial_column_count + 1).getString());
      if (query.getColumn(trial_column_count + 2).isNull()) continue;
      winner.baseline_ns = query.getColumn(trial_column_count + 2).getDouble();
      winner.baseline = query.getColumn(trial_column_count + 3).getString();
      const SQLite::Column baseline_mj = query.getColumn(trial_column_count + 4);
      if (!baseline_mj.isNull()) winner.baseline_mj = baseline_mj.getDouble();
    }
    return winners;
  });
}

std::optional<Trial> Store::latest(const Situation& situation, const std::string& kernel,
                                   const std::string& configuration) const {
  Where where = in_situation(situation);
  where.clause += " AND c.toolchain = ? AND c.kernel = ? AND t.configuration = ?";
  where.values.insert(where.values.end(), {situation.toolchain, kernel, configuration});
  return impl_->guarded([&]() -> std::optional<Trial> {
    std::vector<Trial> found = impl_->read_trials(
        " AND t.kind <> 'baseline' ORDER BY t.kind = 'race' DESC, "
        "CASE c.source WHEN 'imported' THEN t.created ELSE printf('%020d', t.id) END DESC LIMIT 1",
        where);
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
  });
}

std::string Store::clock_notice() const {
  return impl_->guarded([&]() -> std::string {
    SQLite::Statement query(impl_->database,
                            "SELECT created FROM trial WHERE id = (SELECT max(id) FROM trial) AND "
                            "created > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 minute')");
    if (!query.executeStep()) return "";
    return fmt::format(
        "{}: its latest row is from {}, ahead of this machine's clock: rows count in the order in "
        "which they were written, whatever their dates say",
        impl_->path, query.getColumn(0).getString());
  });
}

std::optional<Trial> Store::baseline(const Situation& situation,
                                     const std::string& verdict_digest) const {
  Where where = in_situation(situation);
  where.clause += " AND c.verdict_digest = ?";
  where.values.push_back(verdict_digest);
  return impl_->guarded([&]() -> std::optional<Trial> {
    std::vector<Trial> found = impl_->read_trials(
        " AND t.kind = 'baseline' AND t.outcome = 'ok' ORDER BY t.id DESC LIMIT 1", where);
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
  });
}

}  // namespace tw
