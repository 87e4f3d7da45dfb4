#include "devices/fleet/member.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "core/base/error.h"

namespace tw::fleet {

Member::Member(std::string worker, std::unique_ptr<Transport> transport)
    : name(std::move(worker)), transport_(std::move(transport)) {}

void Member::send(const Request& request) {
  // A worker that is gone is noticed when it is asked for its answers.
  transport_->send(encode(request, parts_));
}

void Member::open(const OpenRequest& request) {
  state = State::opening;
  silence_.end();
  epoch_ = request.epoch;
  has_answered_ = false;
  send({.kind = Request::Kind::open, .open = request});
}

void Member::submit(const Job& job) {
  // The worker has said nothing of late if it had nothing to do while the search was busy.
  if (jobs.empty()) silence_.end();
  jobs.insert(job.id);
  send({.kind = Request::Kind::job, .job = job});
}

void Member::cancel() {
  jobs.clear();
  send({.kind = Request::Kind::cancel});
}

void Member::close() {
  if (state != State::lost) send({.kind = Request::Kind::close});
}

// Returns whether a reply is meant for an earlier fleet, which a rank may still answer. Everything
// before the answer to the last open is, except for a sign of life.
bool Member::is_late(const Reply& reply) {
  if (reply.kind == Reply::Kind::alive) return false;
  if (reply.kind != Reply::Kind::opened) return !has_answered_;
  if (reply.opened.epoch != epoch_) return true;
  has_answered_ = true;
  return false;
}

std::vector<Reply> Member::receive(std::chrono::milliseconds silence_limit) {
  std::vector<Reply> replies;
  // Asked first, because messages that the worker sent before its end count.
  const std::string end = transport_->end_reason();
  try {
    while (const std::optional<std::string> frame = transport_->receive()) {
      silence_.end();
      Reply reply = decode_reply(*frame);
      if (is_late(reply)) continue;
      if (reply.activity.measurers > 0) said = reply.activity;
      replies.push_back(std::move(reply));
    }
  } catch (const Error& error) {
    lose(error.what());
    return replies;
  }
  if (!end.empty()) {
    lose((end.starts_with("killed") ? "it was " : "it ") + end);
  } else if (silence_.look() >= silence_limit) {
    lose(fmt::format("it was silent for {} s",
                     std::chrono::duration_cast<std::chrono::seconds>(silence_limit).count()));
  }
  return replies;
}

void Member::lose(std::string why) {
  if (state == State::lost) return;
  close();
  state = State::lost;
  reason = std::move(why);
  transport_.reset();
}

Activity Member::activity() const {
  if (!jobs.empty()) return said;
  return {.compilers = said.compilers, .measurers = said.measurers};
}

std::string Member::text() const {
  return opened.host.empty() ? name : fmt::format("{} ({})", name, opened.host);
}

}  // namespace tw::fleet
