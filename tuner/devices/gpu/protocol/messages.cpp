#include "devices/gpu/protocol/messages.h"

#include <nlohmann/json.hpp>

#include "core/plan/plan_cbor.h"
#include "devices/gpu/protocol/frames.h"

namespace tw::gpu {
namespace {

using nlohmann::json;

json json_of(const Module& module, PartsSent& parts) {
  return {{"cubin", parts.name(module.cubin)}, {"names", module.names}};
}
Module module_of(const json& value, const PartsReceived& parts) {
  return {.cubin = parts.at(value.at("cubin")), .names = value.at("names")};
}

json json_of(const CompileRequest& request, PartsSent& parts) {
  return {{"program", to_json(request.program, parts)},
          {"architecture", request.architecture},
          {"options", request.options}};
}

}  // namespace

std::string encode(const CompilerGreeting& greeting) {
  return packed(
      {{"error", greeting.error}, {"version", greeting.version}, {"identity", greeting.identity}});
}

CompilerGreeting decode_compiler_greeting(const std::string& frame) {
  return unpacked(frame, [](const json& value) {
    return CompilerGreeting{.error = value.at("error"),
                            .version = value.at("version"),
                            .identity = value.at("identity")};
  });
}

std::string encode(const CompileRequest& request, PartsSent& parts) {
  json message = json_of(request, parts);
  parts.complete(message);
  return packed(message);
}

CompileRequest decode_compile_request(const std::string& frame, PartsReceived& parts) {
  return unpacked(frame, [&](const json& value) {
    parts.take(value);
    return CompileRequest{.program = program_from(value.at("program"), parts),
                          .architecture = value.at("architecture"),
                          .options = value.at("options")};
  });
}

std::string identity_of(const CompileRequest& request) {
  PartsSent parts;
  return packed(json_of(request, parts));
}

std::string encode(const Compiled& compiled) {
  return packed({{"ok", compiled.ok},
                 {"cubin", binary(compiled.cubin)},
                 {"names", compiled.names},
                 {"log", binary(compiled.log)},
                 {"ms", compiled.ms},
                 {"fault", binary(compiled.fault)}});
}

Compiled decode_compiled(const std::string& frame) {
  return unpacked(frame, [](const json& value) {
    return Compiled{.ok = value.at("ok"),
                    .cubin = text_of(value.at("cubin")),
                    .names = value.at("names"),
                    .log = text_of(value.at("log")),
                    .ms = value.at("ms"),
                    .fault = text_of(value.at("fault"))};
  });
}

std::string encode(const MeasureRequest& request, PartsSent& parts) {
  json message = {{"variant", json_of(request.variant, parts)},
                  {"oracle", json_of(request.oracle, parts)},
                  {"verify", json_of(request.verify, parts)},
                  {"plain", json_of(request.plain, parts)},
                  {"plain_oracle", json_of(request.plain_oracle, parts)}};
  message["job"] = binary(serialise(request.job, parts));  // carries the modules, too
  return packed(message);
}

MeasureRequest decode_measure_request(const std::string& frame, PartsReceived& parts) {
  return unpacked(frame, [&](const json& value) {
    Job job = parse_job(text_of(value.at("job")), parts);
    return MeasureRequest{.job = std::move(job),
                          .variant = module_of(value.at("variant"), parts),
                          .oracle = module_of(value.at("oracle"), parts),
                          .verify = module_of(value.at("verify"), parts),
                          .plain = module_of(value.at("plain"), parts),
                          .plain_oracle = module_of(value.at("plain_oracle"), parts)};
  });
}

std::string encode(const Greeting& greeting) {
  return packed({{"error", greeting.error},
                 {"info", json_of(greeting.info)},
                 {"notices", greeting.notices},
                 {"has_energy", greeting.has_energy}});
}

Greeting decode_greeting(const std::string& frame) {
  return unpacked(frame, [](const json& value) {
    return Greeting{.error = value.at("error"),
                    .info = device_info_of(value.at("info")),
                    .notices = value.at("notices"),
                    .has_energy = value.at("has_energy")};
  });
}

std::string encode(const MeasureReply& reply) {
  return packed({{"kind", static_cast<int>(reply.kind)},
                 {"finished", binary(serialise(reply.finished))},
                 {"error", reply.error},
                 {"notice", reply.notice},
                 {"ends", reply.ends}});
}

MeasureReply decode_measure_reply(const std::string& frame) {
  return unpacked(frame, [](const json& value) {
    return MeasureReply{.kind = static_cast<MeasureReply::Kind>(value.at("kind").get<int>()),
                        .finished = parse_finished(text_of(value.at("finished"))),
                        .error = value.at("error"),
                        .notice = value.at("notice"),
                        .ends = value.at("ends")};
  });
}

}  // namespace tw::gpu
