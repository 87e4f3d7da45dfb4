// Helpers for recordings: decimal shifts, and the knobs of others' files. Private to recording*.cpp
// and db/exchange/exchange_t4.cpp.
#pragma once
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/base/fields.h"
#include "core/formats/recording.h"
#include "core/text/json_place.h"

namespace tw {

// Returns value * 10^exponent, computed on the decimal digits of the value. So milliseconds in a
// file become nanoseconds without a rounding that the file does not have (5.657843999999999 ms is
// 5657843.999999999 ns), and back.
double times_ten_to(double value, int exponent);

// Turns a table of JSON values, with one column for each knob, into knobs and configurations.
class ForeignTable {
 public:
  explicit ForeignTable(std::vector<std::string> names);
  std::size_t columns() const { return names_.size(); }
  // Adds a value that the file lists for a knob, in the order of the file. Values that only rows
  // have come after these. The JSON must outlive the table.
  void offer(std::size_t column, const nlohmann::json& value);
  void add(const nlohmann::json& value);  // the next cell, row by row
  // Moves the configurations into the trials, one for each row.
  void finish(Recording& recording, const Place& document);

 private:
  Knob infer(std::size_t column, std::vector<std::int64_t>& cells, const Place& document) const;
  std::vector<std::string> names_;
  std::vector<std::vector<const nlohmann::json*>> offered_;
  std::vector<const nlohmann::json*> cells_;
};

// Keeps the last trial of each configuration.
void drop_repeated(std::vector<RecordedTrial>& trials);

// The texts of the metadata block of our files.
inline constexpr std::tuple recording_text_fields{
    RecordField{"name", &Recording::name},
    RecordField{"op", &Recording::op},
    RecordField{"problem", &Recording::problem},
    RecordField{"kernel", &Recording::kernel},
    RecordField{"source_digest", &Recording::source_digest},
    RecordField{"verdict_digest", &Recording::verdict_digest},
    RecordField{"space_digest", &Recording::space_digest},
    RecordField{"driver", &Recording::driver},
    RecordField{"toolchain", &Recording::toolchain},
    RecordField{"commit", &Recording::commit},
};
// Returns the device as the metadata block and a run's row hold it.
nlohmann::json device_block(const DeviceInfo& device);

// `first_configuration` holds the names of the first result's knobs in the order of the file.
Recording parse_t4(const Place& document, const std::vector<std::string>& first_configuration);
Recording parse_kernel_tuner(const Place& document);

}  // namespace tw
