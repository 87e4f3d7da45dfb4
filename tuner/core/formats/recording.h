// Recordings of search spaces: T4 files (ours and others') and Kernel Tuner caches, plain or gzip.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/plan/l2.h"
#include "core/plan/measurement.h"
#include "core/space/space.h"
#include "core/types/device_info.h"

namespace tw {

// One configuration of a recording and its result.
struct RecordedTrial {
  Configuration configuration;
  Measurement measurement;  // a failed one has an outcome, a note and no samples
  double value_ns = 0;      // the file's objective (mean time); 0 if the trial failed
  std::string timestamp;    // as in the file; may be empty
};

// The library call that the recorded configurations are compared with.
struct RecordedBaseline {
  std::string name, version;  // "cublas", "13.0.2"
  std::vector<double> samples_ns;
  double energy_mj = 0, mean_power_w = 0;  // see Measurement
};

// The contents of a recording.
struct Recording {
  std::string path, name;  // name: of the kernel or space
  std::vector<Knob> knobs;
  std::vector<RecordedTrial> trials;  // each configuration once
  DeviceInfo device;                  // in others' files at most the model is known
  // Only in our files (the metadata block); empty in foreign files.
  std::string op, problem, kernel, source_digest, space_digest, driver, toolchain, commit;
  std::string verdict_digest{};  // verdict.h; empty in recordings of earlier versions
  int protocol = protocol_version;
  L2 l2 = L2::cold;
  std::optional<RecordedBaseline> baseline;
  bool foreign() const { return op.empty(); }
};

// Knobs of foreign files: integers stay integers, and booleans stay booleans. Anything else
// (floats, strings, a mixture) becomes a word, with an underscore for each character that the text
// of a configuration cannot hold. If a file has a configuration more than once, the last row
// counts.
//
// Throws Error if the file is unreadable, damaged gzip, larger than 256 MiB inflated, not JSON, in
// neither format, or malformed. The error names the file and the place in it. A Kernel Tuner cache
// that was not finished is read up to its last complete entry.
Recording read_recording(const std::string& path);
// Does the same for the bytes of a file, plain or gzip. `path` is for messages.
Recording parse_recording(std::string bytes, const std::string& path);

// Writes T4 1.0.0 with our metadata block, as gzip if the path ends in .gz. Writes under a
// temporary name, then renames the file. Reading the file gives the same recording back (except
// `path`), with every double exact. Throws Error if the file cannot be written.
void write_recording(const Recording& recording, const std::string& path);
// Returns the text that write_recording writes.
std::string recording_text(const Recording& recording);

// Returns the recorded configurations as a space to search.
SearchSpace space_of(const Recording& recording);

}  // namespace tw
