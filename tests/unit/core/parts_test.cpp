#include "core/plan/parts.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/digest.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/job.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

using nlohmann::json;

// Sends a message that names the parts. Returns their names.
std::vector<std::string> send(PartsSent& sent, PartsReceived& received,
                              const std::vector<std::string>& parts, std::size_t carried) {
  std::vector<std::string> names;
  for (const std::string& part : parts) names.push_back(sent.name(part));
  json message;
  sent.complete(message);
  EXPECT_EQ(message.at("parts").size(), carried);
  received.take(message);
  return names;
}

TEST(Parts, TravelOnce) {
  PartsSent sent;
  PartsReceived received;
  const auto names = send(sent, received, {"one", "two", "one"}, 2);
  EXPECT_EQ(names[0], digest("one"));
  EXPECT_EQ(names[2], names[0]);
  EXPECT_EQ(send(sent, received, {"two", "three"}, 1)[0], names[1]);
  EXPECT_EQ(received.at(digest("one")), "one");
  EXPECT_EQ(received.at(digest("three")), "three");
  PartsReceived another;
  EXPECT_THROW(another.at(digest("one")), Error);
}

TEST(Parts, AreForgottenWhenTheyBecomeTooMany) {
  PartsSent sent(10);
  PartsReceived received;
  send(sent, received, {"123456"}, 1);
  send(sent, received, {"123456", "7890ab"}, 1);  // more than ten bytes from now on
  send(sent, received, {"7890ab"}, 1);
  EXPECT_EQ(received.at(digest("7890ab")), "7890ab");
  EXPECT_THROW(received.at(digest("123456")), Error);
}

TEST(Parts, ObjectsAreEncodedAndDecodedOnce) {
  PartsSent sent;
  PartsReceived received;
  int encoded = 0, decoded = 0;
  const auto object = std::make_shared<const int>(5);
  const auto encode = [&] { return std::to_string(*object) + std::string(encoded++, '!'); };
  const std::string name = sent.name(object, encode);
  EXPECT_EQ(sent.name(object, encode), name);
  EXPECT_EQ(encoded, 1);
  json message;
  sent.complete(message);
  received.take(message);
  const auto decode = [&](const std::string& bytes) { return ++decoded, std::stoi(bytes); };
  const auto first = received.object<int>(name, decode);
  EXPECT_EQ(*first, 5);
  EXPECT_EQ(received.object<int>(name, decode), first);
  EXPECT_EQ(decoded, 1);
  EXPECT_EQ(*received.object<double>(name, decode), 5.0);  // another type is another object
  EXPECT_EQ(decoded, 2);
}

TEST(Parts, MalformedMessagesAreErrors) {
  PartsReceived received;
  const auto refuses = [&](const json& message) {
    return !test::error_of([&] { received.take(message); }).empty();
  };
  const json part = json::binary({'a'});
  EXPECT_FALSE(refuses({{"forgets", false}, {"parts", {{digest("a"), part}}}}));
  EXPECT_TRUE(refuses({{"forgets", false}}));
  EXPECT_TRUE(refuses({{"forgets", 1}, {"parts", json::object()}}));
  EXPECT_TRUE(refuses({{"forgets", false}, {"parts", 1}}));
  EXPECT_TRUE(refuses({{"forgets", false}, {"parts", {{digest("a"), "a"}}}}));
  EXPECT_TRUE(refuses({{"forgets", false}, {"parts", {{digest("b"), part}}}}));
}

// The jobs of two configurations of one problem.
class JobsTest : public testing::Test {
 protected:
  Job job(std::int64_t threads) const {
    Job made;
    made.plan =
        lowering_.lower(catalog_.at("axpy").kernels[0], std::vector<std::int64_t>{threads, 1, 1})
            .plan;
    return made;
  }
  const Catalog catalog_ = test::toy_catalog();
  const Problem problem_ = parse_problem(catalog_.at("axpy").op, {"30x50", "f32", "", ""});
  const Lowering lowering_{catalog_, problem_, emulated_device(90)};
};

TEST_F(JobsTest, SecondCarriesNeitherSourcesNorProblem) {
  PartsSent sent;
  PartsReceived received;
  const std::string first = serialise(job(64), sent), second = serialise(job(128), sent);
  EXPECT_LT(second.size(), first.size() / 2);
  const Plan one = parse_job(first, received).plan, two = parse_job(second, received).plan;
  EXPECT_EQ(one.problem, two.problem);  // the same object
  EXPECT_EQ(one.program.headers, two.program.headers);
  EXPECT_FALSE(two.program.headers.empty());
  EXPECT_NE(one.program.text, two.program.text);
  EXPECT_EQ(two.problem->tensors.size(), 2u);
  EXPECT_THROW(parse_job(second), Error);  // without what the first one carried
}

TEST_F(JobsTest, NewOracleIsANewProblem) {
  Lowering lowering = lowering_;
  const KernelSpec& kernel = catalog_.at("axpy").kernels[0];
  const std::vector<std::int64_t> values{64, 1, 1};
  const Plan before = lowering.lower(kernel, values).plan;
  lowering.set_oracle(oracle_of(before));
  const Plan after = lowering.lower(kernel, values).plan;
  EXPECT_EQ(before.problem->oracle.kind, OraclePlan::Kind::reference);
  EXPECT_EQ(after.problem->oracle.kind, OraclePlan::Kind::configuration);
  EXPECT_EQ(lowering.lower(kernel, values).plan.problem, after.problem);
  PartsSent sent;
  PartsReceived received;
  Job one, two;
  one.plan = before;
  two.plan = after;
  parse_job(serialise(one, sent), received);
  EXPECT_EQ(parse_job(serialise(two, sent), received).plan.problem->oracle.kind,
            OraclePlan::Kind::configuration);
}

}  // namespace
}  // namespace tw
