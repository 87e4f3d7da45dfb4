// The tables of the fields of Context, RunInfo and Trial, by the names of their columns in the
// database and in CSV. Rows are bound and read by these tables.
#pragma once
#include "core/base/fields.h"
#include "core/plan/measurement_fields.h"
#include "db/store.h"

namespace tw {

// The fields in which the contexts of one run can differ.
inline constexpr std::tuple kernel_context_fields{
    RecordField{"kernel", &Context::kernel},
    RecordField{"source_digest", &Context::source_digest},
    RecordField{"verdict_digest", &Context::verdict_digest},
    RecordField{"toolchain", &Context::toolchain},
};
// The fields that identify a context.
inline constexpr auto context_key_fields = std::tuple_cat(
    std::tuple{RecordField{"op", &Context::op}, RecordField{"problem", &Context::problem}},
    kernel_context_fields,
    std::tuple{
        RecordField{"device_model", &Context::device_model},
        RecordField{"device_limits", &Context::device_limits},
        RecordField{"driver", &Context::driver},
        RecordField{"protocol", &Context::protocol},
        RecordField{"l2", &Context::l2},
        RecordField{"source", &Context::source},
    });
inline constexpr auto context_fields =
    std::tuple_cat(context_key_fields, std::tuple{RecordField{"epilogue", &Context::epilogue}});
static_assert(std::tuple_size_v<decltype(context_fields)> == member_count<Context>(),
              "a member of Context is not in its table");

// A run has a context besides.
inline constexpr std::tuple run_fields{
    RecordField{"space_digest", &RunInfo::space_digest},
    RecordField{"space_size", &RunInfo::space_size},
    RecordField{"strategy", &RunInfo::strategy},
    RecordField{"seed", &RunInfo::seed},
    RecordField{"command", &RunInfo::command},
    RecordField{"device_uuid", &RunInfo::device_uuid},
    RecordField{"device", &RunInfo::device_json},
    RecordField{"commit_id", &RunInfo::commit},
    RecordField{"oracle", &RunInfo::oracle},
};
static_assert(std::tuple_size_v<decltype(run_fields)> + 1 == member_count<RunInfo>(),
              "a member of RunInfo is not in its table");

// These mean something only in the trial's own database.
inline constexpr std::tuple trial_id_fields{
    RecordField{"id", &Trial::id},
    RecordField{"run_id", &Trial::run},
};
// A trial has a context and a measurement besides.
inline constexpr std::tuple trial_fields{
    RecordField{"created", &Trial::created},
    RecordField{"kind", &Trial::kind},
    RecordField{"configuration", &Trial::configuration},
};
static_assert(std::tuple_size_v<decltype(trial_id_fields)> +
                      std::tuple_size_v<decltype(trial_fields)> + 2 ==
                  member_count<Trial>(),
              "a member of Trial is not in its table");

}  // namespace tw
