#include "commands/tune/tune_lane.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "commands/tune/next_step.h"
#include "core/base/error.h"
#include "db/run_state.h"
#include "session/session.h"
#include "session/timings_report.h"
#include "ui/output.h"

namespace tw {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// A problem that cost so many workers is left out.
constexpr int lost_most = 2;

// Waits until the process that searches the problem ends, and claims the problem. Returns false if
// the user ended the wait.
bool await_claim(Claims& claims, const SessionRequest& request,
                 const std::function<bool()>& stopped, Progress& progress) {
  if (claims.try_claim(request.situation)) return true;
  progress.note(fmt::format("waiting for the process that searches {}", request.problem_key));
  return claims.wait(request.situation, stopped);
}

// Returns the hint what to do with the winners.
std::string next_step(const TuneOptions& options, const Setup& setup) {
  const Situation& situation = setup.request.situation;
  const Competitor& first = setup.request.competitors.front();
  const std::string stored = fmt::format("stored in {}", options.measuring.database);
  if (!first.kernel && first.code.source_digest.empty()) return stored;
  return fmt::format("{}; next: {}", stored,
                     emit_command_line({.op = situation.op,
                                        .spec = options.spec,
                                        .is_from_source = options.is_from_source,
                                        .database = options.measuring.database,
                                        .device_model = "",
                                        .source = situation.source,
                                        .l2 = situation.l2,
                                        .objective = setup.request.objective}));
}

}  // namespace

// If another process completed a search of the problem since this command started, only its trials
// are used.
void Lane::use_search_of_others(SessionRequest& request, Progress& progress) const {
  const RunState now =
      latest_run(batch_.options.measuring.database, request.situation, request.objective);
  {
    const std::scoped_lock lock(batch_.mutex);
    const bool is_ours = batch_.searched.contains(request.problem_key);
    if (is_ours || now.id <= *batch_.run_before || !now.is_complete) return;
  }
  progress.note(fmt::format("{}: another process has searched it meanwhile: its trials are known",
                            request.problem_key));
  request.recall_only = true;
  request.fresh = false;
}

// Returns the report of a problem that is ready to run on the device.
Report Lane::prepared(const Asked& asked, const OpenDevice& opened) const {
  const TuneOptions& options = batch_.options;
  Report report{.setup = set_up(batch_.catalog, asked, options.kernel, opened, options.measuring),
                .result = {},
                .device = opened.device->info(),
                .why = opened.why,
                .recordings = {}};
  for (const Recording* one : opened.recordings) report.recordings.push_back(one->path);
  SessionRequest& request = report.setup.request;
  request.budget = options.budget;
  request.strategy = options.strategy;
  request.finalists = options.finalists;
  request.command = options.command_line;
  return report;
}

// The same. If one problem of a list cannot be tuned, the others still can: then returns nothing,
// and the entry of the list says why.
std::optional<Report> Lane::try_prepared(const Asked& asked, const OpenDevice& opened,
                                         ListEntry& entry, Progress& progress) const {
  if (!batch_.is_list()) return prepared(asked, opened);
  try {
    return prepared(asked, opened);
  } catch (const Error& error) {
    entry.state = ListState::failed;
    entry.note = error.what();
    progress.headline(fmt::format("{}: cannot be tuned: {}", entry.problem, entry.note));
    return std::nullopt;
  }
}

void Lane::open_database() {
  const std::string& database = batch_.options.measuring.database;
  if (store_) return;
  store_ = Store::open(database, Store::Mode::read_write);
  claims_.emplace(database);
  const std::scoped_lock lock(batch_.mutex);
  if (!batch_.run_before) batch_.run_before = latest_run_id(database);
}

// Claims the problem. If another process searches it, the problem is put off, or the lane waits if
// it was put off before. Returns false if it is put off, or if the user ended the wait.
bool Lane::claim(const SessionRequest& request, const Turn& turn, bool& is_put_off,
                 Progress& progress) {
  const auto stopped = [this] { return batch_.queue.is_stopped(); };
  if (turn.is_second_try) return await_claim(*claims_, request, stopped, progress);
  if (claims_->try_claim(request.situation)) return true;
  progress.note(fmt::format("{}: another process searches it{}", request.problem_key,
                            batch_.defers ? ": back to it at the end" : " too"));
  is_put_off = batch_.defers;
  return !is_put_off;
}

void Lane::say_notices(const Report& report, Progress& progress) {
  for (const std::string& notice : report.setup.notices) progress.note(notice);
  batch_.notices.say_once(std::array{store_->clock_notice(), claims_->notice()}, progress);
}

// Tunes one problem, and writes what was found into the entry. Returns nothing if the problem
// cannot be tuned, or not now: see try_prepared() and claim().
std::optional<Report> Lane::tune_one(const Turn& turn, ListEntry& entry, bool& is_put_off,
                                     Progress& progress) {
  const Asked& asked = batch_.problems[turn.at];
  const Clock::time_point began = Clock::now();
  const OpenDevice opened = opener_(asked);
  std::optional<Report> ready = try_prepared(asked, opened, entry, progress);
  if (!ready) return std::nullopt;
  const double prepare_s = seconds_since(began);
  Report& report = *ready;
  SessionRequest& request = report.setup.request;
  open_database();
  request.log = &log_;
  if (!claim(request, turn, is_put_off, progress)) return std::nullopt;
  use_search_of_others(request, progress);
  progress.headline(
      headline_of(request.problem_key, opened, worker_.empty() ? opened.why : worker_));
  say_notices(report, progress);
  const std::function<bool()> stopped = [this] { return batch_.queue.is_stopped(); };
  const TimeSpent oracle = choose_oracle(request, *opened.device, progress, stopped);
  report.result = run_session(request, *opened.device, *store_, progress, stopped);
  std::vector<PhaseTime>& timings = report.result.timings;
  if (oracle.seconds > 0) timings.insert(timings.begin(), {Phase::oracle, oracle});
  timings.insert(timings.begin(), {Phase::prepare, {.seconds = prepare_s}});
  claims_->release(request.situation);
  entry.problem = request.problem_key;
  set_result(report.result, entry);
  return ready;
}

// Keeps a problem's result, and shows it.
void Lane::keep(const Turn& turn, const Report& report, ListEntry entry) {
  const TuneOptions& options = batch_.options;
  const std::scoped_lock lock(batch_.mutex);
  batch_.searched.insert(report.setup.request.problem_key);
  ListOutcome& outcome = batch_.outcome;
  if (options.json) {
    outcome.results[turn.at] = result_json(report, options.top);
  } else {
    batch_.progress.screen().make_way([&] {
      show(result_text(report, options.top) + "\n");
      if (options.timings) show(timings_text(report.result) + "\n");
      std::fflush(stdout);
    });
    std::vector<std::string>& steps = outcome.next_steps;
    const std::string step = next_step(options, report.setup);
    const bool is_new = std::find(steps.begin(), steps.end(), step) == steps.end();
    if (entry.winner && is_new) steps.push_back(step);
  }
  outcome.list.entries[turn.at] = std::move(entry);
}

ListEntry Lane::entry_of(const Turn& turn) const {
  const std::scoped_lock lock(batch_.mutex);
  return batch_.outcome.list.entries[turn.at];
}

// Takes one turn from its begin to its end.
void Lane::tune_at(const Turn& turn, Progress& progress) {
  const ListPlace place = batch_.pace.begin(turn.at + 1);
  progress.in_list(place);
  ListEntry entry = entry_of(turn);
  bool is_put_off = false;
  const std::optional<Report> report = tune_one(turn, entry, is_put_off, progress);
  if (is_put_off) {
    batch_.pace.put_off();
    return batch_.queue.put_off(turn);
  }
  if (report) {
    keep(turn, *report, std::move(entry));
  } else {
    const std::scoped_lock lock(batch_.mutex);
    batch_.outcome.list.entries[turn.at] = std::move(entry);
  }
  batch_.pace.end(place, report && report->result.evaluated > 0);
  batch_.queue.end(turn);
}

// Gives the problem of a lost worker to another lane, unless it has cost too many workers.
void Lane::settle_lost(const Turn& turn, const std::string& reason, Progress& progress) {
  progress.note(reason);
  bool is_hopeless = false;
  {
    const std::scoped_lock lock(batch_.mutex);
    is_hopeless = ++batch_.lost[turn.at] >= lost_most;
    if (is_hopeless) {
      ListEntry& entry = batch_.outcome.list.entries[turn.at];
      entry.state = ListState::failed;
      entry.note = fmt::format("{} workers were lost while they tuned it; the last one: {}",
                               batch_.lost[turn.at], reason);
    }
  }
  batch_.pace.put_off();
  claims_.reset();  // the other lane claims it
  if (is_hopeless) return batch_.queue.end(turn);
  batch_.queue.give_back(turn);
}

// Compares the worker with the others now and then. It may be lost, or left out.
void Lane::calibrate() const {
  if (!beside_ || !batch_.queue.has_left()) return;
  std::vector<std::string> notices;
  try {
    notices = beside_->calibration.visit(beside_->number);
  } catch (const Error&) {
    if (!beside_->is_lost()) throw;  // else the device's notices say why
  }
  Progress progress = batch_.progress.beside();
  for (const std::string& notice : notices) progress.note(notice);
  if (!beside_->is_lost()) return;
  for (const std::string& notice : beside_->fleet.notices()) progress.note(notice);
}

void Lane::run() {
  while (true) {
    calibrate();
    if (beside_ && beside_->is_lost()) return;
    const std::optional<Turn> turn = batch_.queue.next();
    if (!turn) return;
    Progress progress = batch_.progress.beside();
    try {
      tune_at(*turn, progress);
    } catch (const Error& error) {
      progress.clear();
      if (beside_ && beside_->is_lost()) return settle_lost(*turn, error.what(), progress);
      const std::scoped_lock lock(batch_.mutex);
      ListEntry& entry = batch_.outcome.list.entries[turn->at];
      entry.state = ListState::failed;
      entry.note = error.what();
      throw;
    }
  }
}

}  // namespace tw
