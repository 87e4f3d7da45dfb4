#include "devices/event_log.h"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

ordered_json json_of_value(const EventLog::Value& value) {
  const double* number = std::get_if<double>(&value);
  if (number && !std::isfinite(*number)) return nullptr;
  return std::visit([](const auto& one) { return ordered_json(one); }, value);
}

}  // namespace

EventLog::EventLog(const std::string& path) : file_(std::fopen(path.c_str(), "we")), path_(path) {
  if (file_) return;
  throw Error(fmt::format("--log {}: cannot be written: {}: name another file", path,
                          std::strerror(errno)));
}

EventLog& EventLog::none() {
  static EventLog log;
  return log;
}

void EventLog::add(std::string_view event, std::initializer_list<Field> fields) {
  if (!file_) return;
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - began_;
  ordered_json object{{"t", std::round(since.count() * 1e6) / 1e6}, {"event", event}};
  for (const Field& field : fields) object[std::string(field.name)] = json_of_value(field.value);
  // Notes of compilers may hold bytes that are no UTF-8.
  const std::string line =
      object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  const bool is_written = std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() &&
                          std::fflush(file_.get()) == 0;
  if (is_written) return;
  fault_ = fmt::format("--log {}: the rest is missing: {}", path_, std::strerror(errno));
  file_.reset();
}

}  // namespace tw
