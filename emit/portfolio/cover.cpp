#include "emit/portfolio/cover.h"

#include <algorithm>
#include <set>

namespace tw {

bool holds_configuration(const Members& members, std::size_t column,
                         const PortfolioBudget& budget) {
  return std::any_of(members.begin(), members.end(), [&](std::size_t member) {
    return budget.configuration_of(member) == budget.configuration_of(column);
  });
}

bool is_full(const Members& members, const PortfolioBudget& budget) {
  if (members.size() < budget.most || budget.configuration.empty()) {
    return members.size() >= budget.most;
  }
  std::set<std::size_t> different;
  for (const std::size_t member : members) different.insert(budget.configuration_of(member));
  return different.size() >= budget.most;
}

std::optional<Members> Cover::find() {
  for (const std::vector<double>& row : slowdowns_) {
    counts_.push_back(std::count_if(row.begin(), row.end(),
                                    [&](double slowdown) { return slowdown <= within_; }));
  }
  for (std::size_t i = 0; i < slowdowns_.front().size(); ++i) {
    const std::size_t configuration = budget_.configuration_of(i);
    if (served_.size() <= configuration) served_.resize(configuration + 1);
    for (std::size_t row = 0; row < slowdowns_.size(); ++row) {
      if (slowdowns_[row][i] <= within_) served_[configuration].push_back(row);
    }
  }
  if (!extend()) return std::nullopt;
  return members_;
}

bool Cover::is_covered(const std::vector<double>& row) const {
  return std::any_of(members_.begin(), members_.end(),
                     [&](std::size_t member) { return row[member] <= within_; });
}

std::optional<std::size_t> Cover::hardest() const {
  std::optional<std::size_t> hardest;
  for (std::size_t i = 0; i < slowdowns_.size(); ++i) {
    if (is_covered(slowdowns_[i])) continue;
    if (!hardest || counts_[i] < counts_[*hardest]) hardest = i;
  }
  return hardest;
}

Members Cover::candidates(std::size_t problem) const {
  Members found;
  std::vector<std::ptrdiff_t> covers(slowdowns_[problem].size());
  for (std::size_t i = 0; i < covers.size(); ++i) {
    if (slowdowns_[problem][i] > within_) continue;
    found.push_back(i);
    const Members& served = served_[budget_.configuration_of(i)];
    covers[i] = std::count_if(served.begin(), served.end(),
                              [&](std::size_t row) { return !is_covered(slowdowns_[row]); });
  }
  std::stable_sort(found.begin(), found.end(),
                   [&](std::size_t a, std::size_t b) { return covers[a] > covers[b]; });
  return found;
}

bool Cover::extend() {
  const std::optional<std::size_t> problem = hardest();
  if (!problem) return true;
  const bool full = is_full(members_, budget_);
  if ((full && budget_.configuration.empty()) || ++steps_ > most_steps) return false;
  for (const std::size_t candidate : candidates(*problem)) {
    const std::int64_t bytes = budget_.bytes_of(candidate);
    if (bytes_ + bytes > budget_.most_bytes) continue;
    if (full && !holds_configuration(members_, candidate, budget_)) continue;
    members_.push_back(candidate);
    bytes_ += bytes;
    if (extend()) return true;
    members_.pop_back();
    bytes_ -= bytes;
    if (was_cut_short()) return false;
  }
  return false;
}

}  // namespace tw
