#include "check/check_evidence.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/verdict.h"
#include "session/result_report.h"
#include "session/setup/device_choice.h"
#include "session/setup/device_text.h"
#include "session/setup/session_setup.h"
#include "ui/version.h"

namespace tw {

CheckEvidence::CheckEvidence(std::string database, const Catalog& catalog, const DeviceInfo& device,
                             L2 l2, std::string command)
    : database_(std::move(database)),
      catalog_(catalog),
      device_(device),
      l2_(l2),
      command_(std::move(command)) {}

CheckEvidence::~CheckEvidence() {
  try {
    if (run_ != 0) store_->end_run(run_, RunEnd::finished);
  } catch (const Error&) {  // the rows are stored, but the run is not marked as ended
  }
}

Context CheckEvidence::context_of(const EmitSample& sample) const {
  const OpSpec& op = catalog_.at(sample.kernel->op).op;
  Context context;
  context.situation.op = op.name;
  context.situation.problem = sample.problem.key(op);
  context.code.kernel = sample.kernel->name;
  context.code.source_digest = catalog_.source_digest(*sample.kernel, sample.problem.epilogue);
  context.code.verdict_digest =
      verdict_digest(catalog_, *sample.kernel, sample.problem, device_,
                     default_configuration(op, *sample.kernel, sample.problem, device_));
  context.situation.device_model = device_.model;
  context.situation.device_limits = device_limits_of(device_);
  context.situation.driver = device_.driver;
  context.situation.toolchain = device_.toolchain;
  context.situation.l2 = l2_;
  context.situation.epilogue = sample.problem.epilogue.text();
  context.situation.source = source_of(device_);
  return context;
}

void CheckEvidence::add(const EmitSample& sample, const Measurement& measurement) {
  if (!notice_.empty() || !std::filesystem::exists(database_)) return;
  try {
    const Context context = context_of(sample);
    if (!store_) store_ = Store::open(database_, Store::Mode::read_write);
    if (run_ == 0) {
      RunInfo run;
      run.context = context;
      run.space_digest = sample.kernel->space_digest;
      run.strategy = "check";
      run.command = command_;
      run.device_uuid = device_.uuid;
      run.commit = commit();
      run.device_json = device_json(device_);
      run_ = store_->begin_run(run);
    }
    store_->append(run_, TrialKind::search, context,
                   text_of(sample.kernel->knobs, sample.configuration), measurement);
  } catch (const Error& error) {
    notice_ = error.what();
  }
}

}  // namespace tw
