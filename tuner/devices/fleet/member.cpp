#include "devices/fleet/member.h"

#include <fmt/format.h>

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
  last_heard_ = Clock::now();
  send({.kind = Request::Kind::open, .open = request});
}

void Member::submit(const Job& job) {
  // The worker has said nothing of late if it had nothing to do while the search was busy.
  if (jobs.empty()) last_heard_ = Clock::now();
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

std::vector<Reply> Member::receive(std::chrono::milliseconds silence_limit) {
  std::vector<Reply> replies;
  // Asked first, because messages that the worker sent before its end count.
  const std::string end = transport_->end_reason();
  try {
    while (const std::optional<std::string> frame = transport_->receive()) {
      last_heard_ = Clock::now();
      replies.push_back(decode_reply(*frame));
    }
  } catch (const Error& error) {
    lose(error.what());
    return replies;
  }
  if (!end.empty()) {
    lose("it " + end);
  } else if (Clock::now() >= last_heard_ + silence_limit) {
    lose(fmt::format("it was silent for {} s",
                     std::chrono::duration_cast<std::chrono::seconds>(silence_limit).count()));
  }
  return replies;
}

void Member::lose(std::string why) {
  if (state == State::lost) return;
  state = State::lost;
  reason = std::move(why);
}

std::string Member::text() const {
  return opened.host.empty() ? name : fmt::format("{} ({})", name, opened.host);
}

}  // namespace tw::fleet
