#include "cover/points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "core/base/error.h"

namespace tw {
namespace {

class CoverPointsTest : public testing::Test {
 protected:
  static const Catalog& catalog() {
    static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
    return loaded;
  }
  static AskedRange range(const std::string& text, const std::string& dtype = "f32") {
    AskedRange asked{.entry = &catalog().at("gemm")};
    asked.text.shape = text;
    asked.text.dtype = dtype;
    asked.range = parse_range(text);
    return asked;
  }
  static std::vector<std::string> chosen(const std::vector<CoverPoint>& points, std::size_t count) {
    std::vector<std::size_t> tuned;
    std::vector<std::string> shapes;
    for (std::size_t i = 0; i < count; ++i) {
      const auto next = next_point(points, tuned, [](std::size_t) { return 0.0; });
      if (!next) break;
      tuned.push_back(*next);
      shapes.push_back(points[*next].asked.shape);
    }
    return shapes;
  }
};

TEST_F(CoverPointsTest, TheMiddleComesFirstAndThenTheEnds) {
  const std::vector<CoverPoint> points = points_of(range("m=1..4096,n=64,k=64"), 1).points;
  EXPECT_EQ(points.front().place.size(), 1u) << "only m varies, and no leading dimension with it";
  EXPECT_THAT(chosen(points, 3),
              testing::ElementsAre("m=64,n=64,k=64", "m=1,n=64,k=64", "m=4096,n=64,k=64"));
}

TEST_F(CoverPointsTest, HaveValuesBetweenThePowersOfTwo) {
  const std::vector<CoverPoint> points = points_of(range("m=1..8192,n=64|96,k=64"), 1).points;
  EXPECT_GT(points.size(), 300u);
  EXPECT_TRUE(std::all_of(points.begin(), points.end(), [](const CoverPoint& point) {
    const auto& dims = point.asked.problem.dims;
    return dims[0] >= 1 && dims[0] <= 8192 && (dims[1] == 64 || dims[1] == 96);
  }));
  EXPECT_EQ(points.size(), points_of(range("m=1..8192,n=64|96,k=64"), 1).points.size());
}

TEST_F(CoverPointsTest, GoWhereMuchIsExpectedToBeLost) {
  const std::vector<CoverPoint> points = points_of(range("m=1..4096,n=64,k=64"), 1).points;
  std::vector<std::size_t> tuned;
  for (int i = 0; i < 3; ++i) {
    tuned.push_back(*next_point(points, tuned, [](std::size_t) { return 0.0; }));
  }
  const auto next = next_point(points, tuned, [&](std::size_t at) {
    return std::optional(points[at].asked.problem.dims[0] > 1000 ? 1.0 : 0.0);
  });
  ASSERT_TRUE(next);
  EXPECT_GT(points[*next].asked.problem.dims[0], 1000);
  EXPECT_LT(points[*next].asked.problem.dims[0], 4096);
}

TEST_F(CoverPointsTest, AreTakenOnlyIfTheyMayBe) {
  const std::vector<CoverPoint> points = points_of(range("m=1..4096,n=64,k=64"), 1).points;
  const auto only_small = [&](std::size_t at) {
    return points[at].asked.problem.dims[0] < 8 ? std::optional(0.0) : std::nullopt;
  };
  std::vector<std::size_t> tuned;
  while (const auto next = next_point(points, tuned, only_small)) {
    EXPECT_LT(points[*next].asked.problem.dims[0], 8);
    tuned.push_back(*next);
  }
  EXPECT_EQ(tuned.size(), 7u) << "1 to 7";
  EXPECT_EQ(points[tuned[0]].asked.problem.dims[0], 7) << "the nearest to the middle";
}

TEST_F(CoverPointsTest, EndWhenAllShapesAreTuned) {
  EXPECT_EQ(chosen(points_of(range("m=8|16,n=64,k=64"), 1).points, 5).size(), 2u);
}

TEST_F(CoverPointsTest, ChoicesAndScalarsMakeRangesOfTheirOwn) {
  const std::vector<AskedRange> parts =
      by_choices(range("m=1..8,n=8|16,k=8,layout=nt|nn,beta=0|1"));
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(parts[0].range.axes[1].pieces.size(), 2u);
  EXPECT_EQ(parts[0].text.shape, "m=1..8,n=8|16,k=8,layout=nt,beta=0") << "its own name";
  EXPECT_EQ(parts[3].text.shape, "m=1..8,n=8|16,k=8,layout=nn,beta=1");
  EXPECT_EQ(by_choices(range("1..8x8x8")).front().text.shape, "1..8x8x8") << "as it was written";
}

TEST_F(CoverPointsTest, RefusedShapesAreLeftOutUnlessAllAre) {
  const CoverPoints points = points_of(range("m=8,n=8,k=8,lda=4|8"), 1);
  EXPECT_EQ(points.points.size(), 1u);
  EXPECT_EQ(points.left_out.count, 1u);
  EXPECT_EQ(points.left_out.example, "m=8,n=8,k=8,lda=4");
  EXPECT_NE(points.left_out.reason.find("lda"), std::string::npos) << points.left_out.reason;
  EXPECT_THROW(points_of(range("m=8,n=8,k=8,lda=2|4"), 1), Error);
}

TEST_F(CoverPointsTest, ALargeRangeIsSampledWithItsCorners) {
  const std::vector<CoverPoint> points =
      points_of(range("m=1..8192,n=1..8192,k=1..8192,batch=1..64"), 1).points;
  EXPECT_GT(points.size(), 1000u);
  EXPECT_LE(points.size(), 2500u);
  for (const char* corner : {"m=1,n=1,k=1,batch=1", "m=8192,n=8192,k=8192,batch=64",
                             "m=1,n=8192,k=1,batch=64", "m=8192,n=1,k=8192,batch=1"}) {
    EXPECT_TRUE(std::any_of(points.begin(), points.end(), [&](const CoverPoint& point) {
      return point.asked.shape == corner;
    })) << corner;
  }
}

TEST_F(CoverPointsTest, HaveDifferentPlaces) {
  const std::vector<CoverPoint> points = points_of(range("m=8|8|16,n=64,k=64"), 1).points;
  EXPECT_EQ(points.size(), 2u);
}

class DrawnShapes : public CoverPointsTest {
 protected:
  static std::vector<std::string> drawn(
      const std::string& text, std::size_t count, std::uint64_t seed = 1,
      const std::function<bool(const Asked&)>& accepts = [](const Asked&) { return true; }) {
    std::vector<std::string> shapes;
    for (const Asked& one : drawn_shapes(range(text), count, seed, accepts)) {
      shapes.push_back(one.shape);
    }
    return shapes;
  }
};

TEST_F(DrawnShapes, AreThoseOfTheSeedEachOnce) {
  const std::vector<std::string> shapes = drawn("m=1..8192,n=64..8192,k=64", 100);
  EXPECT_EQ(shapes.size(), 100u);
  EXPECT_EQ(std::set<std::string>(shapes.begin(), shapes.end()).size(), 100u);
  EXPECT_EQ(shapes, drawn("m=1..8192,n=64..8192,k=64", 100));
  EXPECT_NE(shapes, drawn("m=1..8192,n=64..8192,k=64", 100, 2));
}

TEST_F(DrawnShapes, AreAllThatASmallRangeHas) {
  const auto sorted = [](std::vector<std::string> shapes) {
    std::sort(shapes.begin(), shapes.end());
    return shapes;
  };
  EXPECT_THAT(
      sorted(drawn("m=5..8,n=64,k=64", 100)),
      testing::ElementsAre("m=5,n=64,k=64", "m=6,n=64,k=64", "m=7,n=64,k=64", "m=8,n=64,k=64"));
  const auto rejects = [](const Asked& asked) { return asked.problem.dims[0] != 6; };
  EXPECT_THAT(sorted(drawn("m=5..8,n=64,k=64", 100, 1, rejects)),
              testing::ElementsAre("m=5,n=64,k=64", "m=7,n=64,k=64", "m=8,n=64,k=64"));
}

TEST_F(DrawnShapes, AreMultiplesOf8Above64IfTheRangeHasSome) {
  for (const Asked& one :
       drawn_shapes(range("m=1..8192,n=64,k=64"), 200, 1, [](const Asked&) { return true; })) {
    const std::int64_t m = one.problem.dims[0];
    EXPECT_TRUE(m <= 64 || m % 8 == 0) << m;
  }
  EXPECT_THAT(drawn("m=65..75,n=64,k=64", 100), testing::ElementsAre("m=72,n=64,k=64"));
  EXPECT_EQ(drawn("m=65..71,n=64,k=64", 100).size(), 7u) << "no multiple of 8";
}

}  // namespace
}  // namespace tw
