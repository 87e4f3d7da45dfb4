// Evaluates every valid configuration, in the space's order.
#include "search/strategies/strategies.h"

namespace tw {
namespace {

class Exhaustive : public Strategy {
 public:
  explicit Exhaustive(const SearchSpace& space) : seen_(space.size()) {}

  std::vector<std::size_t> ask(std::size_t at_most) override {
    std::vector<std::size_t> indices;
    for (; next_ < seen_.size() && indices.size() < at_most; ++next_) {
      if (!seen_[next_]) indices.push_back(next_);
    }
    return indices;
  }
  void tell(std::span<const Evaluation> evaluations) override {
    for (const Evaluation& evaluation : evaluations) seen_[evaluation.index] = true;
  }

 private:
  std::vector<bool> seen_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_exhaustive(const SearchSpace& space) {
  return std::make_unique<Exhaustive>(space);
}

}  // namespace tw
