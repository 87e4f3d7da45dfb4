#include "db/upkeep/check.h"

#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <map>

#include "core/base/statistics.h"
#include "core/plan/measurement.h"
#include "db/database.h"

namespace tw {
namespace {

using Faults = std::vector<DatabaseFault>;

constexpr int most_of_a_kind = 5;  // faults of one kind that are listed; the rest is counted

// Collects faults of one kind, so that a thousand bad rows are a few lines.
class Kind {
 public:
  Kind(std::string remedy, Faults& faults) : remedy_(std::move(remedy)), faults_(faults) {}
  ~Kind() {
    if (count_ <= most_of_a_kind) return;
    faults_.push_back({fmt::format("and {} more like the last", count_ - most_of_a_kind), remedy_});
  }
  Kind(const Kind&) = delete;
  Kind& operator=(const Kind&) = delete;
  void add(const std::string& what) {
    if (++count_ <= most_of_a_kind) faults_.push_back({what, remedy_});
  }

 private:
  std::string remedy_;
  Faults& faults_;
  int count_ = 0;
};

std::string rescue_of(const std::string& path) {
  return fmt::format(
      "restore the file from a copy, or save what is left: sqlite3 {} .recover | sqlite3 saved.db",
      path);
}

void check_pages(SQLite::Database& database, const std::string& path, Faults& faults) {
  Kind kind(rescue_of(path), faults);
  SQLite::Statement rows(database, "PRAGMA integrity_check(100)");
  while (rows.executeStep()) {
    std::string text = rows.getColumn(0).getString();
    if (text == "ok") continue;
    for (char& c : text) c = c == '\n' ? ' ' : c;
    kind.add("SQLite: " + text);
  }
}

void check_references(SQLite::Database& database, const std::string& path, Faults& faults) {
  Kind kind(rescue_of(path), faults);
  SQLite::Statement rows(database, "PRAGMA foreign_key_check");
  while (rows.executeStep()) {
    kind.add(fmt::format("row {} of table {} names a row of table {} that is not there",
                         rows.getColumn(1).getString(), rows.getColumn(0).getString(),
                         rows.getColumn(2).getString()));
  }
}

// Returns the names of the columns of each table and view, in their order.
std::map<std::string, std::string> columns_of(SQLite::Database& database) {
  SQLite::Statement rows(
      database,
      "SELECT m.name, group_concat(p.name, ' ') FROM sqlite_master m, pragma_table_info(m.name) p "
      "WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%' GROUP BY m.name");
  std::map<std::string, std::string> columns;
  while (rows.executeStep()) {
    columns[rows.getColumn(0).getString()] = rows.getColumn(1).getString();
  }
  return columns;
}

// An upgraded table has its columns in another order than a new one.
std::string sorted_words(const std::string& text) {
  std::map<std::string, int> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    ++words[text.substr(begin, end - begin)];
    begin = end + 1;
  }
  std::string sorted;
  for (const auto& [word, count] : words) sorted += word + ' ';
  return sorted;
}

void check_schema(SQLite::Database& database, const std::string& path, Faults& faults) {
  SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  const Schema schema = newest_schema();
  fresh.exec(schema.tables);
  fresh.exec(schema.views);
  const auto found = columns_of(database);
  Kind kind(fmt::format("restore {} from a copy, or merge its rows into a new database: tune merge "
                        "{} --db new.db",
                        path, path),
            faults);
  for (const auto& [name, columns] : columns_of(fresh)) {
    const auto at = found.find(name);
    if (at == found.end()) {
      kind.add(fmt::format("the table or view {} is missing", name));
    } else if (sorted_words(at->second) != sorted_words(columns)) {
      kind.add(fmt::format("the columns of {} were changed", name));
    }
  }
}

// Returns whether the text is a digest, or empty: it is not known for rows of earlier versions.
bool is_digest(const std::string& text) {
  if (text.empty()) return true;
  if (text.size() != 32) return false;
  for (const char c : text) {
    if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) return false;
  }
  return true;
}

void check_digests(SQLite::Database& database, Faults& faults) {
  Kind kind("such rows win and are known to no search: measure the problem again (tune --fresh)",
            faults);
  // The source digest of a baseline is its library's version, and imported files may hold digests
  // of other tools.
  SQLite::Statement rows(
      database,
      "SELECT id, problem, kernel, source_digest, verdict_digest FROM context c "
      "WHERE source IN ('measured', 'cpu') AND NOT EXISTS (SELECT 1 FROM trial t "
      "WHERE t.context_id = c.id AND t.kind = 'baseline')");
  while (rows.executeStep()) {
    for (const int column : {3, 4}) {
      if (is_digest(rows.getColumn(column).getString())) continue;
      kind.add(fmt::format("context {} ({}, {}): '{}' is no digest", rows.getColumn(0).getInt64(),
                           rows.getColumn(1).getString(), rows.getColumn(2).getString(),
                           rows.getColumn(column).getString()));
    }
  }
}

// Returns what is wrong with a row of `trial`; empty if nothing is.
std::string fault_of(const SQLite::Statement& row) {
  const std::string outcome = row.getColumn(1).getString();
  const auto parsed = parse_outcome(outcome);
  if (!parsed) return fmt::format("the outcome '{}' is unknown", outcome);
  const auto samples = nlohmann::json::parse(row.getColumn(2).getString(), nullptr, false);
  std::vector<double> times;
  for (const auto& one : samples) {
    if (!samples.is_array() || !one.is_number()) return "its samples are no list of numbers";
    times.push_back(one.get<double>());
  }
  if (!samples.is_array()) return "its samples are no list of numbers";
  const bool has_median = !row.getColumn(3).isNull();
  if (has_median != !times.empty())
    return "it has a median without samples, or samples without one";
  if (!has_median) return *parsed == Outcome::ok ? "it is ok, but has no samples" : "";
  const double stored = row.getColumn(3).getDouble(), counted = median(times);
  if (std::abs(stored - counted) <= 1e-9 * std::abs(counted)) return "";
  return fmt::format("its median is {} ns, but that of its samples is {} ns", stored, counted);
}

void check_trials(SQLite::Database& database, Faults& faults) {
  Kind kind("measure the problem again: tune --fresh", faults);
  SQLite::Statement rows(database, "SELECT id, outcome, samples_ns, median_ns FROM trial");
  while (rows.executeStep()) {
    const std::string what = fault_of(rows);
    if (!what.empty()) kind.add(fmt::format("trial {}: {}", rows.getColumn(0).getInt64(), what));
  }
}

void check_races(SQLite::Database& database, Faults& faults) {
  Kind kind("race the finalists again: tune recheck --all", faults);
  SQLite::Statement rows(
      database,
      "SELECT f.race_id, f.rank, t.id FROM finalist f JOIN race r ON r.id = "
      "f.race_id JOIN trial t ON t.id = f.trial_id WHERE t.run_id <> r.run_id OR "
      "t.kind <> 'race'");
  while (rows.executeStep()) {
    kind.add(fmt::format("rank {} of race {} is trial {}, which is not a trial of that race",
                         rows.getColumn(1).getInt64(), rows.getColumn(0).getInt64(),
                         rows.getColumn(2).getInt64()));
  }
}

}  // namespace

std::vector<DatabaseFault> check_database(const std::string& path) {
  Faults faults;
  const auto fails = [&](const std::exception& error) {
    faults.push_back({error.what(), rescue_of(path)});
  };
  try {
    guarded(path, [&] {
      SQLite::Database database = open_database(path, Store::Mode::read_only);
      check_pages(database, path, faults);
      check_schema(database, path, faults);
      if (!faults.empty()) return;  // rows of damaged tables tell nothing more
      check_references(database, path, faults);
      check_digests(database, faults);
      check_trials(database, faults);
      check_races(database, faults);
    });
  } catch (const Error& error) {
    if (faults.empty()) throw;  // the file is no database, or cannot be opened
    fails(error);
  }
  return faults;
}

}  // namespace tw
