// The table of the fields of Measurement. The messages of workers, the columns of the table `trial`
// and of CSV, and the results in a recording are made from it.
#pragma once
#include "core/base/fields.h"
#include "core/plan/measurement.h"

namespace tw {

// T4 has no place for these. In our recordings each result has them under these names.
inline constexpr std::tuple measurement_text_fields{
    RecordField{"note", &Measurement::note},
    RecordField{"timer", &Measurement::timer},
};
// In our recordings these are entries of a result's `measurements`. A number with its default value
// is left out.
inline constexpr std::tuple measurement_number_fields{
    RecordField{"registers", &Measurement::registers},
    RecordField{"spill_bytes", &Measurement::spill_bytes},
    RecordField{"smem_bytes", &Measurement::smem_bytes},
    RecordField{"blocks_per_sm", &Measurement::blocks_per_sm},
    RecordField{"error_ulps", &Measurement::error_ulps},
    RecordField{"energy_mj", &Measurement::energy_mj},
    RecordField{"mean_power_w", &Measurement::mean_power_w},
};
inline constexpr auto measurement_fields =
    std::tuple_cat(measurement_text_fields, measurement_number_fields,
                   // T4 has a place of its own for each of these.
                   std::tuple{
                       RecordField{"outcome", &Measurement::outcome},
                       RecordField{"samples_ns", &Measurement::samples_ns},
                       RecordField{"compile_ms", &Measurement::compile_ms},
                       RecordField{"metrics", &Measurement::metrics},
                   });
static_assert(std::tuple_size_v<decltype(measurement_fields)> == member_count<Measurement>(),
              "a member of Measurement is not in its table");

}  // namespace tw
