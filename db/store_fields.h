// The tables of the fields of Context, RunInfo and Trial, by the names of their columns in the
// database and in CSV. Rows are bound and read by these tables.
#pragma once
#include "core/base/fields.h"
#include "core/plan/measurement_fields.h"
#include "db/store.h"

namespace tw {

inline constexpr std::tuple code_fields{
    RecordField{"kernel", &CodeKey::kernel},
    RecordField{"source_digest", &CodeKey::source_digest},
    RecordField{"verdict_digest", &CodeKey::verdict_digest},
};
static_assert(std::tuple_size_v<decltype(code_fields)> == member_count<CodeKey>(),
              "a member of CodeKey is not in its table");

inline constexpr std::tuple problem_fields{
    RecordField{"op", &Situation::op},
    RecordField{"problem", &Situation::problem},
};
inline constexpr std::tuple toolchain_fields{RecordField{"toolchain", &Situation::toolchain}};
inline constexpr std::tuple device_key_fields{
    RecordField{"device_model", &Situation::device_model},
    RecordField{"device_limits", &Situation::device_limits},
    RecordField{"driver", &Situation::driver},
    RecordField{"protocol", &Situation::protocol},
    RecordField{"l2", &Situation::l2},
    RecordField{"source", &Situation::source},
};
inline constexpr std::tuple epilogue_fields{RecordField{"epilogue", &Situation::epilogue}};
inline constexpr auto situation_fields =
    std::tuple_cat(problem_fields, toolchain_fields, device_key_fields, epilogue_fields);
static_assert(std::tuple_size_v<decltype(situation_fields)> == member_count<Situation>(),
              "a member of Situation is not in its table");

// The fields of a run's context that have columns of their own in CSV files.
inline constexpr auto kernel_context_fields = std::tuple_cat(
    fields_in(&Context::code, code_fields), fields_in(&Context::situation, toolchain_fields));
// The fields that identify a context.
inline constexpr auto context_key_fields =
    std::tuple_cat(fields_in(&Context::situation, problem_fields), kernel_context_fields,
                   fields_in(&Context::situation, device_key_fields));
inline constexpr auto context_fields =
    std::tuple_cat(context_key_fields, fields_in(&Context::situation, epilogue_fields));
static_assert(std::tuple_size_v<decltype(context_fields)> ==
                  member_count<Situation>() + member_count<CodeKey>(),
              "a member of a part of Context is not in its table");

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
    RecordField{"objective", &RunInfo::objective},
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
