// The messages of a fleet: what is written is read again, and nothing malformed is accepted.
#include "devices/fleet/messages.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"

namespace tw::fleet {
namespace {

TEST(FleetMessages, ARequestToOpenSurvives) {
  PartsSent sent;
  PartsReceived received;
  const Request request = decode_request(
      encode({.kind = Request::Kind::open,
              .open =
                  {.build = "b", .device = "cuda:1", .cache = false, .sharers = 4, .silence_s = 7}},
             sent),
      received);
  EXPECT_EQ(request.kind, Request::Kind::open);
  EXPECT_EQ(request.open.build, "b");
  EXPECT_EQ(request.open.device, "cuda:1");
  EXPECT_FALSE(request.open.cache);
  EXPECT_EQ(request.open.sharers, 4);
  EXPECT_EQ(request.open.silence_s, 7);
}

TEST(FleetMessages, AJobSurvives) {
  PartsSent sent;
  PartsReceived received;
  Request request{.kind = Request::Kind::job};
  request.job.id = 7;
  request.job.configuration = "x=1";
  request.job.plan.problem = std::make_shared<const ProblemPlan>();
  for (int i = 0; i < 2; ++i) {  // the second time the parts are known
    const Request copy = decode_request(encode(request, sent), received);
    EXPECT_EQ(copy.kind, Request::Kind::job);
    EXPECT_EQ(copy.job.id, 7u);
    EXPECT_EQ(copy.job.configuration, "x=1");
  }
}

TEST(FleetMessages, AReplySurvives) {
  Reply reply{.kind = Reply::Kind::opened, .error = "e", .notices = {"one", "two"}};
  reply.opened = {.error = "o",
                  .host = "h",
                  .info = {},
                  .capacity = 9,
                  .has_counters = true,
                  .has_energy = true};
  reply.opened.info.model = "m";
  Finished finished{.id = 3, .measurement = {}};
  finished.measurement.samples_ns = {1, 2, 3};
  reply.finished.push_back(finished);
  reply.activity = {.compiling = 3, .compilers = 16, .measuring = 1, .measurers = 2};
  const Reply copy = decode_reply(encode(reply));
  EXPECT_EQ(copy.kind, reply.kind);
  EXPECT_EQ(copy.error, "e");
  EXPECT_EQ(copy.notices, reply.notices);
  EXPECT_EQ(copy.opened.host, "h");
  EXPECT_EQ(copy.opened.capacity, 9);
  EXPECT_TRUE(copy.opened.has_counters);
  EXPECT_TRUE(copy.opened.has_energy);
  EXPECT_EQ(copy.opened.info.model, "m");
  EXPECT_EQ(copy.activity, reply.activity);
  ASSERT_EQ(copy.finished.size(), 1u);
  EXPECT_EQ(copy.finished[0].id, 3u);
  EXPECT_EQ(copy.finished[0].measurement.samples_ns, finished.measurement.samples_ns);
}

// Cuts a message everywhere, and changes each of its bytes.
TEST(FleetMessages, NothingMalformedIsAccepted) {
  Reply reply{.kind = Reply::Kind::opened};
  reply.opened.host = "h";
  const std::string bytes = encode(reply);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decode_reply(bytes.substr(0, size)), Error) << size;
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(~changed[at]);
    try {
      decode_reply(changed);  // a changed text is still a text; any other exception is a failure
    } catch (const Error&) {
    }
  }
  PartsReceived parts;
  EXPECT_THROW(decode_request("", parts), Error);
  EXPECT_THROW(decode_request(encode(reply), parts), Error);
}

}  // namespace
}  // namespace tw::fleet
