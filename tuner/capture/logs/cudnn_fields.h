// The nested parameters of a call in cuDNN's log.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/calls/convolution_call.h"
#include "capture/logs/log_reader.h"

namespace tw::capture {

// Fields that stand below one field, or the outermost ones of an entry.
class CudnnFields {
 public:
  explicit CudnnFields(const LogEntry& entry) : fields_(entry.fields) {}

  // Return the fields below the first field with this name; empty if there is none.
  CudnnFields below(std::string_view name) const;
  // Returns the fields below each field with this name.
  std::vector<CudnnFields> all_below(std::string_view name) const;
  bool empty() const { return fields_.empty(); }
  // Return the value, or the type, of the first field with this name; empty if there is none.
  std::string_view value(std::string_view name) const;
  std::string_view type(std::string_view name) const;
  // Returns the type of the field that these fields stand below; empty for the outermost ones.
  std::string_view own_type() const { return own_type_; }
  // Returns "CUDNN_DATA_HALF (2)" as "HALF": without prefix and number.
  std::string_view word(std::string_view name, std::string_view prefix) const;
  // Returns the numbers of "[8,64,28,28]"; empty if they are none.
  std::vector<std::int64_t> numbers(std::string_view name) const;
  // Returns the number of the first field with this name; nothing if there is none.
  std::optional<double> number(std::string_view name) const;
  // Returns why a number is not the wanted one: "alpha is not 1"; empty if it is.
  std::string other_than(double wanted, std::string_view name) const;

 private:
  using Fields = std::span<const LogEntry::Field>;
  CudnnFields(Fields fields, int depth, std::string_view own_type)
      : fields_(fields), depth_(depth), own_type_(own_type) {}
  const LogEntry::Field* find(std::string_view name) const;
  CudnnFields below(std::size_t at) const;

  Fields fields_;
  int depth_ = 0;
  std::string_view own_type_{};
};

// Returns why a convolution is scaled, or added to y; empty if alpha is 1 and beta is 0.
std::string factors_refusal(const CudnnFields& convolution);
// Returns the tensor that a descriptor of either API describes. A filter has no strides.
CudnnTensor tensor_of(const CudnnFields& descriptor);

}  // namespace tw::capture
