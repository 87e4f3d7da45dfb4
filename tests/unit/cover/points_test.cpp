#include "cover/points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/error.h"

namespace tw {
namespace {

class CoverPoints : public testing::Test {
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

TEST_F(CoverPoints, TheMiddleComesFirstAndThenTheEnds) {
  const std::vector<CoverPoint> points = points_of(range("m=1..4096,n=64,k=64"), 1);
  EXPECT_EQ(points.front().place.size(), 1u) << "only m varies, and no leading dimension with it";
  EXPECT_THAT(chosen(points, 3),
              testing::ElementsAre("m=64,n=64,k=64", "m=1,n=64,k=64", "m=4096,n=64,k=64"));
}

TEST_F(CoverPoints, HaveValuesBetweenThePowersOfTwo) {
  const std::vector<CoverPoint> points = points_of(range("m=1..8192,n=64|96,k=64"), 1);
  EXPECT_GT(points.size(), 300u);
  EXPECT_TRUE(std::all_of(points.begin(), points.end(), [](const CoverPoint& point) {
    const auto& dims = point.asked.problem.dims;
    return dims[0] >= 1 && dims[0] <= 8192 && (dims[1] == 64 || dims[1] == 96);
  }));
  EXPECT_EQ(points.size(), points_of(range("m=1..8192,n=64|96,k=64"), 1).size());
}

TEST_F(CoverPoints, GoWhereMuchIsExpectedToBeLost) {
  const std::vector<CoverPoint> points = points_of(range("m=1..4096,n=64,k=64"), 1);
  std::vector<std::size_t> tuned;
  for (int i = 0; i < 3; ++i) {
    tuned.push_back(*next_point(points, tuned, [](std::size_t) { return 0.0; }));
  }
  const auto next = next_point(points, tuned, [&](std::size_t at) {
    return points[at].asked.problem.dims[0] > 1000 ? 1.0 : 0.0;
  });
  ASSERT_TRUE(next);
  EXPECT_GT(points[*next].asked.problem.dims[0], 1000);
  EXPECT_LT(points[*next].asked.problem.dims[0], 4096);
}

TEST_F(CoverPoints, EndWhenAllShapesAreTuned) {
  EXPECT_EQ(chosen(points_of(range("m=8|16,n=64,k=64"), 1), 5).size(), 2u);
}

TEST_F(CoverPoints, WordsMakeRangesOfTheirOwn) {
  const std::vector<AskedRange> parts = without_words(range("m=1..8,n=8|16,k=8,layout=nt|nn"));
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].range.axes[1].pieces.size(), 2u);
  EXPECT_EQ(parts[1].range.axes[3].pieces.front().word, "nn");
}

TEST_F(CoverPoints, RefusedShapesAreLeftOutUnlessAllAre) {
  EXPECT_EQ(points_of(range("m=8,n=8,k=8,lda=4|8"), 1).size(), 1u);
  EXPECT_THROW(points_of(range("m=8,n=8,k=8,lda=2|4"), 1), Error);
}

}  // namespace
}  // namespace tw
