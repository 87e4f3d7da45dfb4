// The table of the fields of DeviceInfo. The worker's greeting, the device in a recording and in a
// run's row, the limits in a context, and the names after "device." in expressions are made from
// it.
#pragma once
#include "core/base/fields.h"
#include "core/types/device_info.h"

namespace tw {

// In JSON and CBOR a kind is its name.
template <class Json>
void to_json(Json& json, DeviceKind kind) {
  json = std::string(name_of(kind));
}
template <class Json>
void from_json(const Json& json, DeviceKind& kind) {
  kind = device_kind_of(json.template get<std::string>());
}

inline constexpr std::tuple device_text_fields{
    RecordField{"kind", &DeviceInfo::kind},           RecordField{"model", &DeviceInfo::model},
    RecordField{"uuid", &DeviceInfo::uuid},           RecordField{"driver", &DeviceInfo::driver},
    RecordField{"toolchain", &DeviceInfo::toolchain},
};
// The limits that expressions read. They are part of a context's key: a new one makes the times
// that are stored those of another device.
inline constexpr std::tuple device_limit_fields{
    RecordField{"cc", &DeviceInfo::cc},
    RecordField{"sms", &DeviceInfo::sms},
    RecordField{"smem_optin", &DeviceInfo::smem_optin},
    RecordField{"smem_per_sm", &DeviceInfo::smem_per_sm},
    RecordField{"regs_per_sm", &DeviceInfo::regs_per_sm},
    RecordField{"threads_per_sm", &DeviceInfo::threads_per_sm},
    RecordField{"blocks_per_sm", &DeviceInfo::blocks_per_sm},
    RecordField{"max_threads", &DeviceInfo::max_threads},
    RecordField{"l2_bytes", &DeviceInfo::l2_bytes},
    RecordField{"memory_bytes", &DeviceInfo::memory_bytes},
};
inline constexpr std::tuple device_rate_fields{
    RecordField{"sm_clock_mhz", &DeviceInfo::sm_clock_mhz},
    RecordField{"memory_bandwidth", &DeviceInfo::memory_bandwidth},
    RecordField{"f32_flops", &DeviceInfo::f32_flops},
    RecordField{"tf32_flops", &DeviceInfo::tf32_flops},
    RecordField{"bf16_flops", &DeviceInfo::bf16_flops},
};
inline constexpr auto device_fields =
    std::tuple_cat(device_text_fields, device_limit_fields, device_rate_fields);
static_assert(std::tuple_size_v<decltype(device_fields)> == member_count<DeviceInfo>(),
              "a member of DeviceInfo is not in its table");

}  // namespace tw
