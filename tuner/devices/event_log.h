// A log of what a search does, as JSON lines: one object a line, with the seconds since the start.
// For people who want to know why a run went as it did. docs/command_line.md lists the events.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace tw {

// Copies write to the same file, and any thread may use them.
class EventLog {
 public:
  // A value; a number that is not finite is written as null.
  using Value = std::variant<std::string, double, std::int64_t, bool>;
  struct Field {
    std::string_view name;
    Value value;
  };

  EventLog() = default;  // drops all events
  // Makes or replaces the file. Throws Error if it cannot be written.
  explicit EventLog(const std::string& path);
  // A log that drops all events, for those who are given none.
  static EventLog& none();

  bool is_on() const;
  // Returns the log whose events have one more field, "worker".
  EventLog of_worker(std::string worker) const;
  // Writes one event and flushes it, so that it is there if the process is killed next. After a
  // failed write, drops all further events.
  void add(std::string_view event, std::initializer_list<Field> fields);
  // Returns why events were lost, as one line; empty if none were.
  std::string fault() const;

 private:
  struct Sink;
  std::shared_ptr<Sink> sink_;
  std::string worker_;
};

}  // namespace tw
