// The order of the problems of a list, and who tunes them.
#include "commands/tune/problem_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace tw {
namespace {

bool never() { return false; }

TEST(ProblemQueue, KeepsTheOrderAndVisitsWhatWasPutOffLast) {
  ProblemQueue queue(3, never);
  const auto first = queue.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->at, 0u);
  EXPECT_FALSE(first->is_second_try);
  queue.put_off(*first);
  for (const std::size_t at : {1u, 2u}) {
    const auto turn = queue.next();
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn->at, at);
    queue.end(*turn);
  }
  const auto again = queue.next();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->at, 0u);
  EXPECT_TRUE(again->is_second_try);
  queue.end(*again);
  EXPECT_FALSE(queue.next());
}

TEST(ProblemQueue, WhatIsGivenBackComesNext) {
  ProblemQueue queue(2, never);
  const auto lost = queue.next();
  queue.give_back(*lost);
  EXPECT_TRUE(queue.has_left());
  EXPECT_EQ(queue.next()->at, 0u);
}

// A worker without a problem waits, because another one may be lost with its problem.
TEST(ProblemQueue, WaitsForProblemsThatMayComeBack) {
  ProblemQueue queue(1, never);
  const auto turn = queue.next();
  std::atomic<bool> has_it{false};
  std::thread other([&] {
    const auto mine = queue.next();
    has_it = mine && mine->at == 0;
    if (mine) queue.end(*mine);
  });
  queue.give_back(*turn);
  other.join();
  EXPECT_TRUE(has_it);
  EXPECT_FALSE(queue.next());
}

TEST(ProblemQueue, EndsWhenItIsStopped) {
  std::atomic<bool> stops{false};
  ProblemQueue queue(3, [&] { return stops.load(); });
  queue.end(*queue.next());
  queue.stop();
  EXPECT_FALSE(queue.next());
  EXPECT_TRUE(queue.is_stopped());
  ProblemQueue other(3, [&] { return stops.load(); });
  const auto turn = other.next();
  stops = true;
  EXPECT_FALSE(other.next());
  other.end(*turn);
}

}  // namespace
}  // namespace tw
