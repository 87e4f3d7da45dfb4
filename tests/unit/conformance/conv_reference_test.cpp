// Compares the oracles of the convolutions with plain loops over the formulas of PyTorch's Conv2d
// and ConvTranspose2d: the first over padded images, the second by scattering.
#include "unit/conformance/reference.h"

namespace tw::conformance {
namespace {

// An array of four axes, slowest first, initially zero, with the sums of the absolute terms.
class Images {
 public:
  Images(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w)
      : c_(c), h_(h), w_(w), values_(static_cast<std::size_t>(n * c * h * w)) {}
  double& operator()(std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
    return values_[static_cast<std::size_t>(index(n, c, y, x))];
  }
  std::int64_t index(std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) const {
    return ((n * c_ + c) * h_ + y) * w_ + x;
  }

 private:
  std::int64_t c_, h_, w_;
  std::vector<double> values_;
};

// The dims that both ops have.
struct Conv {
  explicit Conv(const ReferenceRun& run)
      : n(run.dim("n")),
        c(run.dim("c")),
        h(run.dim("h")),
        w(run.dim("w")),
        k(run.dim("k")),
        r(run.dim("r")),
        s(run.dim("s")),
        stride_h(run.dim("stride")),
        stride_w(run.dim("stride_w")),
        pad_h(run.dim("pad")),
        pad_w(run.dim("pad_w")),
        groups(run.dim("groups")) {}
  std::int64_t n, c, h, w, k, r, s, stride_h, stride_w, pad_h, pad_w, groups;
};

// Returns x with its padding of zeros, in NCHW for every layout.
Images padded(const ReferenceRun& run, const Conv& d, bool nhwc) {
  const Elements x = run.tensor("x");
  Images images(d.n, d.c, d.h + 2 * d.pad_h, d.w + 2 * d.pad_w);
  std::int64_t at = 0;
  for (std::int64_t n = 0; n < d.n; ++n) {
    for (std::int64_t i = 0; i < d.c * d.h * d.w; ++i) {
      const std::int64_t channel = nhwc ? i % d.c : i / (d.h * d.w);
      const std::int64_t pixel = nhwc ? i / d.c : i % (d.h * d.w);
      images(n, channel, d.pad_h + pixel / d.w, d.pad_w + pixel % d.w) = x[at++];
    }
  }
  return images;
}

// y(n, k, p, q) = bias(k) + the sum over c, r, s of weights(k, c, r, s) * x(n, c, p * stride + r *
// dilation - pad, ...).
void check_conv2d(const ReferenceRun& run, bool nhwc) {
  const Conv d(run);
  const std::int64_t dilation_h = run.dim("dilation"), dilation_w = run.dim("dilation_w");
  const std::int64_t p = (d.h + 2 * d.pad_h - dilation_h * (d.r - 1) - 1) / d.stride_h + 1;
  const std::int64_t q = (d.w + 2 * d.pad_w - dilation_w * (d.s - 1) - 1) / d.stride_w + 1;
  const std::int64_t depth = d.c / d.groups;
  Images x = padded(run, d, nhwc);
  const Elements weights = run.tensor("weights"), bias = run.epilogue_tensor();
  for (std::int64_t each = 0; each < d.n * d.k * p * q; ++each) {
    const std::int64_t n = each / (d.k * p * q), k = each / (p * q) % d.k;
    const std::int64_t row = each / q % p, column = each % q;
    double sum = 0, terms = 0;
    for (std::int64_t i = 0; i < depth * d.r * d.s; ++i) {
      const std::int64_t c = i / (d.r * d.s), r = i / d.s % d.r, s = i % d.s;
      const double weight = weights[k * depth * d.r * d.s + (nhwc ? (r * d.s + s) * depth + c : i)];
      const double product =
          weight * x(n, k / (d.k / d.groups) * depth + c, row * d.stride_h + r * dilation_h,
                     column * d.stride_w + s * dilation_w);
      sum += product;
      terms += std::fabs(product);
    }
    const std::int64_t at = nhwc ? ((n * p + row) * q + column) * d.k + k : each;
    run.compare("y", at, plus(judged(sum, terms), run.tolerance(), bias[k]));
  }
}

// Each x(n, c, h, w) * weights(c, k, r, s) is added to y(n, k, h * stride + r - pad, ...).
void check_conv_transpose2d(const ReferenceRun& run) {
  const Conv d(run);
  const std::int64_t group_c = d.c / d.groups, group_k = d.k / d.groups;
  const std::int64_t rows = (d.h - 1) * d.stride_h - 2 * d.pad_h + d.r + run.dim("output_pad");
  const std::int64_t columns = (d.w - 1) * d.stride_w - 2 * d.pad_w + d.s + run.dim("output_pad_w");
  Images sums(d.n, d.k, rows, columns), terms(d.n, d.k, rows, columns);
  const Elements x = run.tensor("x"), weights = run.tensor("weights");
  for (std::int64_t from = 0; from < d.n * d.c * d.h * d.w; ++from) {
    const std::int64_t n = from / (d.c * d.h * d.w), c = from / (d.h * d.w) % d.c;
    const std::int64_t h = from / d.w % d.h, w = from % d.w;
    for (std::int64_t tap = 0; tap < group_k * d.r * d.s; ++tap) {
      const std::int64_t k = c / group_c * group_k + tap / (d.r * d.s);
      const std::int64_t row = h * d.stride_h + tap / d.s % d.r - d.pad_h;
      const std::int64_t column = w * d.stride_w + tap % d.s - d.pad_w;
      if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
      const double product = x[from] * weights[c * group_k * d.r * d.s + tap];
      sums(n, k, row, column) += product;
      terms(n, k, row, column) += std::fabs(product);
    }
  }
  const Elements bias = run.epilogue_tensor();
  for (std::int64_t each = 0; each < d.n * d.k * rows * columns; ++each) {
    const std::int64_t n = each / (d.k * rows * columns), k = each / (rows * columns) % d.k;
    const std::int64_t row = each / columns % rows, column = each % columns;
    const Judged product = judged(sums(n, k, row, column), terms(n, k, row, column));
    run.compare("y", each, plus(product, run.tolerance(), bias[k]));
  }
}

class Conv2dReferenceTest : public testing::TestWithParam<std::string> {};

TEST_P(Conv2dReferenceTest, IsTheConvolution) {
  const std::vector<std::string> shapes{
      "n=1,c=1,h=1,w=1,k=1,r=1,s=1",
      "n=2,c=5,h=7,w=9,k=3,r=3,s=2",
      "n=2,c=3,h=13,w=9,k=4,r=3,s=5,stride=2,stride_w=3,pad=1,pad_w=2",
      "n=1,c=6,h=9,w=12,k=9,r=3,s=2,dilation=2,dilation_w=3,pad=2,pad_w=1,groups=3",
      "n=2,c=4,h=5,w=6,k=8,r=3,s=3,pad=1,groups=4",
      "n=1,c=2,h=2,w=2,k=3,r=3,s=3,stride=2,pad=3",
  };
  check_reference("conv2d", shapes, "layout=" + GetParam(), "bias",
                  [](const ReferenceRun& run) { check_conv2d(run, GetParam() == "nhwc"); });
}

INSTANTIATE_TEST_SUITE_P(Layouts, Conv2dReferenceTest, testing::Values("nchw", "nhwc"),
                         [](const auto& parameter) { return parameter.param; });

TEST(ConvTranspose2dReferenceTest, IsTheTransposedConvolution) {
  const std::vector<std::string> shapes{
      "n=1,c=1,h=1,w=1,k=1,r=1",
      "n=2,c=5,h=4,w=3,k=7,r=3,s=2",
      "n=2,c=3,h=4,w=5,k=6,r=4,s=3,stride=2,stride_w=3,pad=1,pad_w=2,output_pad=1,output_pad_w=2",
      "n=1,c=6,h=3,w=4,k=9,r=2,s=5,stride=3,stride_w=1,pad=0,pad_w=2,output_pad=2,output_pad_w=0,"
      "groups=3",
      "n=2,c=4,h=5,w=6,k=4,r=3,pad=1,groups=4",
  };
  check_reference("conv_transpose2d", shapes, "", "bias", check_conv_transpose2d);
}

}  // namespace
}  // namespace tw::conformance
