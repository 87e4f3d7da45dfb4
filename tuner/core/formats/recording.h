// Recorded search spaces: T4 files (ours and others'), Kernel Tuner caches; plain or gzip.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/plan/measurement.h"
#include "core/space/space.h"
#include "core/types/device_info.h"

namespace tw {

struct RecordedTrial {
  Configuration configuration;
  Measurement measurement;  // a failed one has an outcome, a note and no samples
  double value_ns = 0;      // what the file calls the objective (mean time); 0 if it failed
  std::string timestamp;    // as in the file; may be empty
};

struct RecordedBaseline {
  std::string name, version;  // "cublas", "13.0.2"
  std::vector<double> samples_ns;
};

struct Recording {
  std::string path, name;  // name: of the kernel or space
  std::vector<Knob> knobs;
  std::vector<RecordedTrial> trials;  // each configuration once
  DeviceInfo device;                  // of others' files at most the model is known
  // Ours only (the metadata block); empty in foreign files.
  std::string op, problem, kernel, source_digest, space_digest, driver, toolchain, commit;
  std::string verdict_digest{};  // verdict.h; empty in recordings of earlier versions
  int protocol = protocol_version;
  std::string l2 = "cold";
  std::optional<RecordedBaseline> baseline;
  bool foreign() const { return op.empty(); }
};

// Knobs of foreign files: integers stay integers, booleans booleans; anything else (floats,
// strings, a mixture) becomes a word, with an underscore for what a configuration's text cannot
// hold. If a file has a configuration more than once, the last row counts.
//
// Throws Error: unreadable, damaged gzip, larger than 256 MiB inflated, not JSON, neither format,
// malformed; names the file and the place in it. A Kernel Tuner cache that was not finished is read
// as far as it goes.
Recording read_recording(const std::string& path);
// The same of a file's bytes, plain or gzip; `path` is for messages.
Recording parse_recording(std::string bytes, const std::string& path);

// T4 1.0.0 with our metadata block; gzip if the path ends in .gz; written to a temporary name, then
// renamed. Reading it back gives the same recording (but for `path`), every double exactly.
// Throws Error if it cannot be written.
void write_recording(const Recording& recording, const std::string& path);
// The text that write_recording writes.
std::string recording_text(const Recording& recording);

// The recorded configurations, as a space to search.
SearchSpace space_of(const Recording& recording);

}  // namespace tw
