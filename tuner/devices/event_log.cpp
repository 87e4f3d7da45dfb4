#include "devices/event_log.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

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

struct EventLog::Sink {
  struct Close {
    void operator()(std::FILE* open) const { std::fclose(open); }
  };
  void write(const std::string& line);

  std::mutex mutex;
  std::unique_ptr<std::FILE, Close> file;
  std::string path, fault;
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

void EventLog::Sink::write(const std::string& line) {
  if (!file) return;
  const bool is_written = std::fwrite(line.data(), 1, line.size(), file.get()) == line.size() &&
                          std::fflush(file.get()) == 0;
  if (is_written) return;
  fault = fmt::format("--log {}: the rest is missing: {}", path, std::strerror(errno));
  file.reset();
}

EventLog::EventLog(const std::string& path) : sink_(std::make_shared<Sink>()) {
  sink_->path = path;
  sink_->file.reset(std::fopen(path.c_str(), "we"));
  if (sink_->file) return;
  throw Error(fmt::format("--log {}: cannot be written: {}: name another file", path,
                          std::strerror(errno)));
}

EventLog& EventLog::none() {
  static EventLog log;
  return log;
}

bool EventLog::is_on() const {
  if (!sink_) return false;
  const std::scoped_lock lock(sink_->mutex);
  return sink_->file != nullptr;
}

EventLog EventLog::of_worker(std::string worker) const {
  EventLog log = *this;
  log.worker_ = std::move(worker);
  return log;
}

void EventLog::add(std::string_view event, std::initializer_list<Field> fields) {
  if (!sink_) return;
  const std::scoped_lock lock(sink_->mutex);
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - sink_->began;
  ordered_json object{{"t", std::round(since.count() * 1e6) / 1e6}, {"event", event}};
  if (!worker_.empty()) object["worker"] = worker_;
  for (const Field& field : fields) object[std::string(field.name)] = json_of_value(field.value);
  // Notes of compilers may hold bytes that are no UTF-8.
  sink_->write(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n');
}

std::string EventLog::fault() const {
  if (!sink_) return "";
  const std::scoped_lock lock(sink_->mutex);
  return sink_->fault;
}

}  // namespace tw
