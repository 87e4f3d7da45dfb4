// The reductions that may end a chain, in fp64, for the references. ExactReduction<R> takes the
// elements of a row with their slack (how far each element may be off) and returns the result with
// its magnitude (exact.cuh).
#pragma once

#include "common/config.cuh"
#include "common/epilogue_reductions.cuh"
#include "common/exact.cuh"

namespace tw::epilogue {

template <class R>
struct ExactReduction;

// Each sum adds exponentials relative to the largest element, so none overflows. `above` and
// `below` are the sums if all elements are off by their slack. The exponential of x - max has an
// error of a few units of |x - max| + 1, weighted with the exponential itself: `spread` is the mean
// of |x - max| with these weights.
template <>
struct ExactReduction<LogSumExp> {
  double top = -infinity();
  double sum = 0;
  double above = 0;
  double below = 0;
  double spread = 0;  // the mean times the sum

  TW_DEVICE void add(double value, double slack) {
    if (value > top || value != value) {
      const double change = finite(top) && finite(value) ? top - value : 0;
      const double factor = finite(top) ? exp(change) : 0;
      spread = (spread - sum * change) * factor;
      sum *= factor;
      above *= factor;
      below *= factor;
      top = value;
    }
    const double weight = value == top ? 1 : exp(value - top);
    sum += weight;
    above += weight * exp(slack);
    below += weight * exp(-slack);
    if (value != top && weight > 0) spread += weight * (top - value);
  }
  TW_DEVICE Exact result(double tolerance) const {
    if (!finite(top)) return {top, 0};
    const double moved = fmax(log(above / sum), log(sum / below));
    const double value = top + log(sum);
    const double units = fabs(top) + fabs(log(sum)) + 1 + spread / sum;
    return {value, units + (tolerance > 0 ? moved / tolerance : 0)};
  }

 private:
  static TW_DEVICE bool finite(double x) { return x - x == 0; }
};

// A maximum rounds nothing.
template <>
struct ExactReduction<Max> {
  double top = -infinity();
  double above = -infinity();
  double below = -infinity();

  TW_DEVICE void add(double value, double slack) {
    top = larger(top, value);
    above = larger(above, value + slack);
    below = larger(below, value - slack);
  }
  TW_DEVICE Exact result(double tolerance) const {
    const double moved = fmax(above - top, top - below);
    return {top, tolerance > 0 && moved > 0 ? moved / tolerance : 0};
  }

 private:
  static TW_DEVICE double larger(double a, double b) { return a > b || a != a ? a : b; }
};

// The errors of adding, in any order, are those of a sum of products whose terms are the elements'
// magnitudes.
template <>
struct ExactReduction<Sum> {
  double sum = 0;
  double absolute = 0;
  double slacks = 0;

  TW_DEVICE void add(double value, double slack) {
    sum += value;
    absolute += fabs(value);
    slacks += slack;
  }
  TW_DEVICE Exact result(double tolerance) const {
    return {sum, absolute + (tolerance > 0 ? slacks / tolerance : 0)};
  }
};

}  // namespace tw::epilogue
