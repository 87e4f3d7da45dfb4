// Forecasts as the header makes them (emitted/forecast.h), before the header is text.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "core/problem/problem.h"
#include "core/spec/spec.h"
#include "emit/emitted/forecast.h"

namespace tw {

// Returns the rates of a device for products of this math. Rates that the device does not know are
// typical ones: only their ratios matter.
dispatch::Rates rates_of(const DeviceInfo& device, const std::string& math);
// Returns the forecast of one call in ns. The kernel must have a [model]. Only the limits of
// the device count.
double forecast_of(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                   const DeviceInfo& device, const dispatch::Rates& rates,
                   std::span<const std::int64_t> configuration);

}  // namespace tw
