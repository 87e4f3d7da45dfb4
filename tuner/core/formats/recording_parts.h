// The parts behind recording.h: decimal shifts, and others' knobs.
// Private to recording*.cpp and db/exchange_t4.cpp.
#pragma once
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json_place.h"
#include "core/formats/recording.h"

namespace tw {

// value * 10^exponent on the decimal digits of the value: what a file of milliseconds says becomes
// nanoseconds without a rounding that the file does not have (5.657843999999999 ms is
// 5657843.999999999 ns), and back.
double times_ten_to(double value, int exponent);

// Turns a table of JSON values, one column a knob, into knobs and configurations.
class ForeignTable {
 public:
  explicit ForeignTable(std::vector<std::string> names);
  std::size_t columns() const { return names_.size(); }
  // Values in the order in which the file lists them for a knob; those that only rows have follow.
  // The JSON must outlive the table.
  void offer(std::size_t column, const nlohmann::json& value);
  void add(const nlohmann::json& value);  // the next cell, row by row
  // Moves the configurations into the trials, one a row.
  void finish(Recording& recording, const Place& document);

 private:
  Knob infer(std::size_t column, std::vector<std::int64_t>& cells, const Place& document) const;
  std::vector<std::string> names_;
  std::vector<std::vector<const nlohmann::json*>> offered_;
  std::vector<const nlohmann::json*> cells_;
};

// Keeps the last trial of each configuration.
void drop_repeated(std::vector<RecordedTrial>& trials);

// The fields of DeviceInfo by their names in the metadata block.
using DeviceTexts = std::vector<std::pair<const char*, std::string*>>;
using DeviceInts = std::vector<std::pair<const char*, int*>>;
using DeviceBytes = std::vector<std::pair<const char*, std::int64_t*>>;
using DeviceRates = std::vector<std::pair<const char*, double*>>;
DeviceTexts device_texts(DeviceInfo& device);
DeviceInts device_ints(DeviceInfo& device);
DeviceBytes device_bytes(DeviceInfo& device);
DeviceRates device_rates(DeviceInfo& device);
// All of these by name.
nlohmann::json device_block(DeviceInfo device);

// `first_configuration`: the names of the first result's knobs in the file's order.
Recording parse_t4(const Place& document, const std::vector<std::string>& first_configuration);
Recording parse_kernel_tuner(const Place& document);

}  // namespace tw
