// What the check before emit finds wrong, as rows of the database: evidence, by which a winner loses
// its place and a later search knows what fails.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/catalog/catalog.h"
#include "core/plan/measurement.h"
#include "core/types/device_info.h"
#include "db/store.h"
#include "emit/samples.h"

namespace tw {

class CheckEvidence {
 public:
  // `database`: a file that is not there stays so, and nothing is stored. `l2`: of the winners that
  // are checked. The catalog must outlive this.
  CheckEvidence(std::string database, const Catalog& catalog, const DeviceInfo& device,
                std::string l2, std::string command);
  ~CheckEvidence();
  CheckEvidence(const CheckEvidence&) = delete;
  CheckEvidence& operator=(const CheckEvidence&) = delete;

  // A sample that failed, of a run of strategy `check`.
  void add(const EmitSample& sample, const Measurement& measurement);
  const std::string& notice() const { return notice_; }  // why nothing could be stored, if so

 private:
  Context context_of(const EmitSample& sample) const;

  std::string database_;
  const Catalog& catalog_;
  DeviceInfo device_;
  std::string l2_, command_, notice_;
  std::optional<Store> store_;
  std::int64_t run_ = 0;
};

}  // namespace tw
