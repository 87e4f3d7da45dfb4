// The failures that the check before emit finds, as rows of the database. They are evidence: a
// winner that fails loses its place, and a later search knows what fails.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/catalog/catalog.h"
#include "core/plan/measurement.h"
#include "core/types/device_info.h"
#include "db/store.h"
#include "emit/tuning/samples.h"

namespace tw {

class CheckEvidence {
 public:
  // If the file `database` does not exist, it is not created, and nothing is stored. `l2` is the L2
  // state of the winners that are checked. The catalog must outlive this object.
  CheckEvidence(std::string database, const Catalog& catalog, const DeviceInfo& device, L2 l2,
                std::string command);
  ~CheckEvidence();
  CheckEvidence(const CheckEvidence&) = delete;
  CheckEvidence& operator=(const CheckEvidence&) = delete;

  // Stores a sample that failed, as a trial of a run with the strategy `check`.
  void add(const EmitSample& sample, const Measurement& measurement);
  // why nothing could be stored; empty if rows were
  const std::string& notice() const { return notice_; }

 private:
  Context context_of(const EmitSample& sample) const;

  std::string database_;
  const Catalog& catalog_;
  DeviceInfo device_;
  L2 l2_;
  std::string command_, notice_;
  std::optional<Store> store_;
  std::int64_t run_ = 0;
};

}  // namespace tw
