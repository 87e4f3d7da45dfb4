#include "devices/cpu/verify.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "devices/cpu/values.h"

namespace tw::cpu {
namespace {

class Judge {
 public:
  Judge(const ProblemPlan& plan, const PlanTensor& tensor, const std::byte* actual,
        const std::byte* before, std::span<const double> expected,
        std::span<const double> magnitude)
      : plan_(plan),
        tensor_(tensor),
        actual_(actual),
        before_(before),
        expected_(expected),
        magnitude_(magnitude),
        rule_(rule_of(plan, tensor)) {
    found_.worst_ulps = -1;
  }

  Verdict run() {
    std::vector<bool> inside(static_cast<std::size_t>(tensor_.layout.elements));
    for_each_element(tensor_.layout, [&](std::int64_t index, const auto&) {
      inside[static_cast<std::size_t>(index)] = true;
      compare(index);
    });
    const auto size = static_cast<std::size_t>(size_of(tensor_.dtype));
    for (std::size_t i = 0; i < inside.size(); ++i) {
      if (!inside[i] && std::memcmp(actual_ + i * size, before_ + i * size, size) != 0) {
        ++found_.touched;
      }
    }
    Verdict verdict;
    if (!found_.is_right()) verdict.note = describe(plan_, tensor_, found_, at_worst());
    found_.worst_ulps = std::max(found_.worst_ulps, 0.0);
    verdict.found = found_;
    return verdict;
  }

 private:
  bool is_untouched(std::int64_t index) const {
    return element_bits(tensor_.dtype, actual_, index) ==
           element_bits(tensor_.dtype, before_, index);
  }
  bool is_written(std::int64_t index) const {
    if (is_integer(tensor_.dtype)) return tensor_.is_restored() || !is_untouched(index);
    return !verify::is_poison(element_bits(tensor_.dtype, actual_, index), rule_.storage);
  }

  verify::Judged judged(std::int64_t index) const {
    const auto i = static_cast<std::size_t>(index);
    const std::uint64_t bits = element_bits(tensor_.dtype, actual_, index);
    if (is_integer(tensor_.dtype)) {
      return verify::judge_integer(bits, expected_[i], rule_.storage, is_untouched(index));
    }
    const bool wanted = !is_unwritten(tensor_.dtype, expected_[i]), written = is_written(index);
    if (!wanted && !written) return {true, -1, 0};
    if (!wanted || !written) return {false, std::numeric_limits<double>::infinity(), 0};
    return verify::judge(decode(tensor_.dtype, bits), expected_[i], magnitude_[i], rule_);
  }

  void compare(std::int64_t index) {
    const verify::Judged judged = this->judged(index);
    const bool written = judged.right || is_written(index);
    if (!judged.right) ++found_.wrong;
    if (!written) ++found_.unwritten;
    found_.used = std::max(found_.used, judged.used);
    // A note shows the worst of the wrong elements.
    const bool is_first_wrong = !judged.right && found_.wrong == 1;
    if (!is_first_wrong &&
        (judged.error_ulps <= found_.worst_ulps || (judged.right && found_.wrong > 0))) {
      return;
    }
    found_.worst_ulps = judged.error_ulps;
    found_.worst_at = index;
  }

  WrongElement at_worst() const {
    const auto i = static_cast<std::size_t>(found_.worst_at);
    return {element_bits(tensor_.dtype, actual_, found_.worst_at), expected_[i], magnitude_[i],
            is_written(found_.worst_at)};
  }

  const ProblemPlan& plan_;
  const PlanTensor& tensor_;
  const std::byte* actual_;
  const std::byte* before_;
  std::span<const double> expected_, magnitude_;
  verify::Rule rule_;
  Comparison found_;
};

}  // namespace

Verdict judge(const ProblemPlan& plan, const PlanTensor& tensor, const std::byte* actual,
              const std::byte* before, std::span<const double> expected,
              std::span<const double> magnitude) {
  return Judge(plan, tensor, actual, before, expected, magnitude).run();
}

}  // namespace tw::cpu
