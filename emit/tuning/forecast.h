// Forecasts as the header makes them (emitted/forecast.h), before the header is text. They are
// those of core/model with its sharpness at 1: the header adds the times up, because a power is no
// constant expression of C++17.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "core/problem/problem.h"
#include "core/spec/spec.h"
#include "emit/emitted/forecast.h"

namespace tw {

// Returns the rates of a device for products of this math (unit_rates of core/model), and the waits
// that its constants state.
dispatch::Rates rates_of(const DeviceInfo& device, const std::string& math);
// Returns the forecast of one call in ns. The kernel must have a [model]. Only the limits of
// the device count.
double forecast_of(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                   const DeviceInfo& device, const dispatch::Rates& rates,
                   std::span<const std::int64_t> configuration);

}  // namespace tw
