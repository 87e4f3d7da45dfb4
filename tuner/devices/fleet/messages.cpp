#include "devices/fleet/messages.h"

#include <nlohmann/json.hpp>

#include "core/base/cbor_fields.h"
#include "core/types/device_info_fields.h"

namespace tw::fleet {
namespace {

using namespace cbor;

constexpr int version = 2;
constexpr int most_at_work = 1 << 20;  // compilers or GPUs of a worker

json binary(const std::string& bytes) {
  return json::binary(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
}

std::string bytes_at(const json& object, const char* key) {
  const json& value = at(object, key);
  if (!value.is_binary()) malformed(std::string("'") + key + "' is not binary");
  return {value.get_binary().begin(), value.get_binary().end()};
}

json to_json(const DeviceInfo& info) {
  json object;
  each_field(device_fields, [&](const auto& field) { object[field.name] = info.*field.member; });
  return object;
}

DeviceInfo device_info_from(const json& object) {
  DeviceInfo info;
  try {
    each_field(device_fields,
               [&](const auto& field) { object.at(field.name).get_to(info.*field.member); });
  } catch (const json::exception& fault) {
    malformed(fault.what());
  }
  return info;
}

json to_json(const Opened& opened) {
  return {{"error", opened.error},
          {"host", opened.host},
          {"info", to_json(opened.info)},
          {"capacity", opened.capacity},
          {"has_counters", opened.has_counters},
          {"has_energy", opened.has_energy},
          {"epoch", opened.epoch}};
}

Opened opened_from(const json& object) {
  return {.error = text(object, "error"),
          .host = text(object, "host"),
          .info = device_info_from(at(object, "info")),
          .capacity = integer<int>(object, "capacity", 1, 1 << 20),
          .has_counters = boolean(object, "has_counters"),
          .has_energy = boolean(object, "has_energy"),
          .epoch = identifier(object, "epoch")};
}

json to_json(const Activity& activity) {
  return {{"compiling", activity.compiling},
          {"compilers", activity.compilers},
          {"measuring", activity.measuring},
          {"measurers", activity.measurers}};
}

Activity activity_from(const json& object) {
  const auto count = [&](const char* key) { return integer<int>(object, key, 0, most_at_work); };
  return {.compiling = count("compiling"),
          .compilers = count("compilers"),
          .measuring = count("measuring"),
          .measurers = count("measurers")};
}

json tree_of_version(const std::string& frame) {
  json message = tree_of(frame);
  if (integer<int>(message, "version") != version) malformed("another version");
  return message;
}

template <class Kind>
Kind kind_from(const json& message, Kind last) {
  return static_cast<Kind>(integer<int>(message, "kind", 0, static_cast<int>(last)));
}

}  // namespace

std::string encode(const Request& request, PartsSent& parts) {
  json message = {{"version", version}, {"kind", static_cast<int>(request.kind)}};
  if (request.kind == Request::Kind::open) {
    message["build"] = request.open.build;
    message["device"] = request.open.device;
    message["cache"] = request.open.cache;
    message["sharers"] = request.open.sharers;
    message["epoch"] = request.open.epoch;
    message["silence_s"] = request.open.silence_s;
  } else if (request.kind == Request::Kind::job) {
    message["job"] = binary(serialise(request.job, parts));
  }
  return bytes_of(message);
}

Request decode_request(const std::string& frame, PartsReceived& parts) {
  const json message = tree_of_version(frame);
  Request request{.kind = kind_from(message, Request::Kind::quit)};
  if (request.kind == Request::Kind::open) {
    request.open = {.build = text(message, "build"),
                    .device = text(message, "device"),
                    .cache = boolean(message, "cache"),
                    .sharers = integer<int>(message, "sharers", 1, 1 << 20),
                    .epoch = identifier(message, "epoch"),
                    .silence_s = integer<int>(message, "silence_s", 1, 1 << 20)};
  } else if (request.kind == Request::Kind::job) {
    request.job = parse_job(bytes_at(message, "job"), parts);
  }
  return request;
}

std::string encode(const Reply& reply) {
  json message = {{"version", version},
                  {"kind", static_cast<int>(reply.kind)},
                  {"error", reply.error},
                  {"notices", reply.notices},
                  {"activity", to_json(reply.activity)},
                  {"finished", listed(reply.finished, [](const Finished& finished) {
                     return binary(serialise(finished));
                   })}};
  if (reply.kind == Reply::Kind::opened) message["opened"] = to_json(reply.opened);
  return bytes_of(message);
}

Reply decode_reply(const std::string& frame) {
  const json message = tree_of_version(frame);
  Reply reply{.kind = kind_from(message, Reply::Kind::quits)};
  reply.error = text(message, "error");
  reply.notices = list(message, "notices", [](const json& value) { return text_from(value); });
  reply.activity = activity_from(at(message, "activity"));
  reply.finished = list(message, "finished", [](const json& value) {
    if (!value.is_binary()) malformed("a result is not binary");
    return parse_finished({value.get_binary().begin(), value.get_binary().end()});
  });
  if (reply.kind == Reply::Kind::opened) reply.opened = opened_from(at(message, "opened"));
  return reply;
}

}  // namespace tw::fleet
