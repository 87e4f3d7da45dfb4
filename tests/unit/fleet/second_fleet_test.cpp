// A rank of MPI serves one fleet after another over the same connection, so that its late messages
// reach a fleet that they are not for.
#include "unit/fleet/fixture.h"

namespace tw::fleet {
namespace {

// Messages on their way to one end. They outlive the fleets that send them.
class Mailbox {
 public:
  void put(std::string_view message) {
    const std::lock_guard lock(mutex_);
    messages_.emplace_back(message);
  }
  std::optional<std::string> take() {
    const std::lock_guard lock(mutex_);
    if (messages_.empty()) return std::nullopt;
    std::string message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }
  // Returns whether results or a fault are here.
  bool has_news() {
    const std::lock_guard lock(mutex_);
    return std::any_of(messages_.begin(), messages_.end(), [](const std::string& message) {
      const Reply reply = decode_reply(message);
      return !reply.finished.empty() || !reply.error.empty();
    });
  }

 private:
  std::mutex mutex_;
  std::deque<std::string> messages_;
};

// One end of a connection. It takes no messages while `stopped` is set, and the other end is gone
// once `ends` is.
class MailTransport : public Transport {
 public:
  MailTransport(Mailbox& in, Mailbox& out, const std::atomic<bool>& stopped,
                const std::atomic<bool>& ends)
      : in_(in), out_(out), stopped_(stopped), ends_(ends) {}
  bool send(std::string_view frame) override {
    out_.put(frame);
    return true;
  }
  std::optional<std::string> receive() override { return stopped_ ? std::nullopt : in_.take(); }
  int descriptor() const override { return -1; }
  bool has_unsent() const override { return false; }
  std::string end_reason() override { return ends_ ? "ended" : ""; }

 private:
  Mailbox& in_;
  Mailbox& out_;
  const std::atomic<bool>& stopped_;
  const std::atomic<bool>& ends_;
};

// A worker that any number of fleets may use, one after another.
class Rank {
 public:
  Rank()
      : thread_([this] {
          MailTransport parent(to_rank, from_rank, stopped, behaviour.ends);
          serve(parent, "1",
                [this](const OpenRequest&) { return std::make_unique<ScriptedDevice>(behaviour); });
        }) {}
  ~Rank() {
    behaviour.ends = true;
    thread_.join();
  }
  Connection connection(const std::string& name) {
    return {
        .name = name,
        .device = "any",
        .transport = std::make_unique<MailTransport>(from_rank, to_rank, stopped, behaviour.ends)};
  }
  Behaviour behaviour;
  // Messages do not arrive on either side: a process that was stopped sends them later.
  std::atomic<bool> stopped{false};
  Mailbox to_rank, from_rank;

 private:
  std::thread thread_;  // the last member, because it uses the others
};

class SecondFleet : public FleetTest {
 protected:
  ~SecondFleet() override { fleet_.reset(); }  // it uses the ranks

  Fleet& open_ranks(FleetOptions options = {.build = "1"}) {
    std::vector<Connection> connections;
    for (Rank& rank : ranks_) {
      connections.push_back(rank.connection(fmt::format("rank {}", 1 + connections.size())));
    }
    fleet_.reset();
    fleet_ = open_fleet(std::move(connections), std::move(options));
    return *fleet_;
  }
  // Waits until the condition is true, and takes the fleet's messages meanwhile.
  template <class Condition>
  void await(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      fleet_->wait(std::chrono::steady_clock::now());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(condition());
  }
  // Stops the second rank while it has jobs, and has the first one do them.
  void lose_the_second_rank() {
    ranks_.resize(2);
    Behaviour& second = ranks_[1].behaviour;
    second.holds = true;
    open_ranks({.build = "1", .silence_limit = std::chrono::seconds(4)});
    const auto has_jobs = [&] {
      const std::lock_guard lock(second.mutex);
      return !second.had.empty();
    };
    const auto stop = [&](int) {
      while (!has_jobs()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ranks_[1].stopped = true;
    };
    EXPECT_EQ(run(10, Purpose::measure, stop).size(), 10u);
    EXPECT_EQ(fleet_->size(), 1);
    EXPECT_NE(notices().find("the worker rank 2"), std::string::npos);
  }
  // The second rank goes on, and says first what has become of its jobs.
  void go_on() {
    ranks_[1].behaviour.holds = false;
    await([&] { return ranks_[1].from_rank.has_news(); });
    ranks_[1].stopped = false;
  }

  std::deque<Rank> ranks_;
};

TEST_F(SecondFleet, HearsHowBusyARankIsFromTheStart) {
  ranks_.resize(1);
  ranks_[0].behaviour.holds = true;
  const Activity busy{.compilers = 8, .measuring = 1, .measurers = 1};
  for (int search = 0; search < 2; ++search) {
    open_ranks();
    EXPECT_EQ(fleet_->activity(), Activity{}) << "nothing is left of an earlier search";
    fleet_->submit(job(0, Purpose::measure));
    await([&] { return fleet_->activity() == busy; });
    fleet_.reset();
    Reply late{.kind = Reply::Kind::finished};
    late.activity = {.compiling = 3, .compilers = 64, .measuring = 2, .measurers = 2};
    ranks_[0].from_rank.put(encode(late));
  }
}

// A rank that was stopped and goes on answers a fleet that has left it out.
TEST_F(SecondFleet, LateAnswersDoNotCount) {
  lose_the_second_rank();
  go_on();
  EXPECT_EQ(fleet_->size(), 1) << "a worker that is left out stays so in this search";
  open_ranks();
  EXPECT_EQ(fleet_->size(), 2) << "the next search uses it again";
  const auto answers = run(20);
  ASSERT_EQ(answers.size(), 20u);
  for (const auto& [configuration, measurement] : answers) {
    EXPECT_EQ(measurement.note, configuration);
  }
}

TEST_F(SecondFleet, ALateFaultIsNotThatOfTheNewDevice) {
  lose_the_second_rank();
  ranks_[1].behaviour.fault = "out of memory";
  go_on();
  ranks_[1].behaviour.fault.clear();  // the rank has no device now
  open_ranks();
  EXPECT_EQ(fleet_->size(), 2) << notices();
  EXPECT_EQ(run(20).size(), 20u);
}

}  // namespace
}  // namespace tw::fleet
