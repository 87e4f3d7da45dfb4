#include "devices/gpu/protocol/messages.h"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/base/cbor_fields.h"
#include "core/base/error.h"
#include "core/types/device_info_fields.h"

namespace tw::cuda {
namespace {

using nlohmann::json;

json binary(const std::string& bytes) {
  return json::binary(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
}
std::string text_of(const json& value) {
  const auto& bytes = value.get_binary();
  return {bytes.begin(), bytes.end()};
}

std::string packed(const json& value) {
  std::string frame;
  json::to_cbor(value, frame);
  return frame;
}

// `read` converts the message to a value. Any malformed message gives one Error.
template <class Read>
auto unpacked(const std::string& frame, Read read) {
  try {
    return read(cbor::tree_of(frame));
  } catch (const json::exception& error) {
    throw Error(std::string("a cuda worker sent a malformed message: ") + error.what());
  }
}

json json_of(const Module& module) {
  return {{"cubin", binary(module.cubin)}, {"names", module.names}};
}
Module module_of(const json& value) {
  return {.cubin = text_of(value.at("cubin")), .names = value.at("names")};
}

json json_of(const DeviceInfo& info) {
  json object;
  each_field(device_fields, [&](const auto& field) { object[field.name] = info.*field.member; });
  return object;
}
DeviceInfo device_info_of(const json& value) {
  DeviceInfo info;
  each_field(device_fields,
             [&](const auto& field) { value.at(field.name).get_to(info.*field.member); });
  return info;
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

std::string encode(const CompileRequest& request) {
  json headers = json::object();
  for (const auto& [path, text] : request.program.headers) headers[path] = text;
  return packed({{"text", request.program.text},
                 {"headers", headers},
                 {"entries", request.program.entries},
                 {"as_given", request.program.as_given},
                 {"defines", request.program.defines},
                 {"architecture", request.architecture},
                 {"options", request.options}});
}

CompileRequest decode_compile_request(const std::string& frame) {
  return unpacked(frame, [](const json& value) {
    CompileRequest request;
    value.at("text").get_to(request.program.text);
    for (const auto& [path, text] : value.at("headers").items()) {
      request.program.headers[path] = text;
    }
    value.at("entries").get_to(request.program.entries);
    value.at("as_given").get_to(request.program.as_given);
    value.at("defines").get_to(request.program.defines);
    value.at("architecture").get_to(request.architecture);
    value.at("options").get_to(request.options);
    return request;
  });
}

std::string encode(const Compiled& compiled) {
  return packed({{"ok", compiled.ok},
                 {"cubin", binary(compiled.cubin)},
                 {"names", compiled.names},
                 {"log", binary(compiled.log)},
                 {"ms", compiled.ms}});
}

Compiled decode_compiled(const std::string& frame) {
  return unpacked(frame, [](const json& value) {
    return Compiled{.ok = value.at("ok"),
                    .cubin = text_of(value.at("cubin")),
                    .names = value.at("names"),
                    .log = text_of(value.at("log")),
                    .ms = value.at("ms")};
  });
}

namespace {

void forget_texts(Plan& plan) {
  for (Program* program : {&plan.program, &plan.oracle.program}) {
    program->text.clear();
    program->headers.clear();
  }
}

}  // namespace

std::string encode(const MeasureRequest& request) {
  Job job = request.job;
  forget_texts(job.plan);
  for (Plan& plain : job.plan.plain) forget_texts(plain);
  return packed({{"job", binary(serialise(job))},
                 {"variant", json_of(request.variant)},
                 {"oracle", json_of(request.oracle)},
                 {"verify", json_of(request.verify)},
                 {"plain", json_of(request.plain)},
                 {"plain_oracle", json_of(request.plain_oracle)}});
}

MeasureRequest decode_measure_request(const std::string& frame) {
  return unpacked(frame, [](const json& value) {
    return MeasureRequest{.job = parse_job(text_of(value.at("job"))),
                          .variant = module_of(value.at("variant")),
                          .oracle = module_of(value.at("oracle")),
                          .verify = module_of(value.at("verify")),
                          .plain = module_of(value.at("plain")),
                          .plain_oracle = module_of(value.at("plain_oracle"))};
  });
}

std::string encode(const Greeting& greeting) {
  return packed(
      {{"error", greeting.error}, {"info", json_of(greeting.info)}, {"notices", greeting.notices}});
}

Greeting decode_greeting(const std::string& frame) {
  return unpacked(frame, [](const json& value) {
    return Greeting{.error = value.at("error"),
                    .info = device_info_of(value.at("info")),
                    .notices = value.at("notices")};
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

std::string encode(const CudaProbe& probe) {
  json devices = json::array();
  for (const DeviceInfo& info : probe.devices) devices.push_back(json_of(info));
  return packed({{"driver", probe.driver},
                 {"devices", devices},
                 {"nvrtc", probe.nvrtc},
                 {"cupti", probe.cupti},
                 {"cublas", probe.cublas},
                 {"cudnn", probe.cudnn},
                 {"messages", probe.messages}});
}

CudaProbe decode_probe(const std::string& frame) {
  return unpacked(frame, [](const json& value) {
    CudaProbe probe{.driver = value.at("driver"),
                    .devices = {},
                    .nvrtc = value.at("nvrtc"),
                    .cupti = value.at("cupti"),
                    .cublas = value.at("cublas"),
                    .cudnn = value.at("cudnn"),
                    .messages = value.at("messages")};
    for (const json& info : value.at("devices")) probe.devices.push_back(device_info_of(info));
    return probe;
  });
}

}  // namespace tw::cuda
