#include "devices/gpu/protocol/messages.h"

#include <nlohmann/json.hpp>

#include "devices/gpu/protocol/frames.h"

namespace tw::gpu {
namespace {

using nlohmann::json;

json json_of(const Module& module) {
  return {{"cubin", binary(module.cubin)}, {"names", module.names}};
}
Module module_of(const json& value) {
  return {.cubin = text_of(value.at("cubin")), .names = value.at("names")};
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

}  // namespace tw::gpu
