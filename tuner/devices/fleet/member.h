// The parent's side of one worker of a fleet.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/plan/parts.h"
#include "devices/fleet/messages.h"
#include "devices/fleet/silence.h"
#include "devices/fleet/transport.h"

namespace tw::fleet {

class Member {
 public:
  enum class State { opening, works, lost } state = State::opening;

  // `name` is for people: "cuda:1", "ssh host2 tune worker", "rank 3".
  Member(std::string name, std::unique_ptr<Transport> transport);

  // Asks the worker to open its device.
  void open(const OpenRequest& request);
  void submit(const Job& job);
  void cancel();
  // Tells the worker to release its device.
  void close();
  // Returns what the worker has said since the last call. If the worker is gone, was silent for
  // longer than the limit, or said something malformed, it becomes lost.
  std::vector<Reply> receive(std::chrono::milliseconds silence_limit);
  // Tells the worker to release its device, and closes the connection.
  void lose(std::string reason);

  // Returns the number of jobs that the worker takes before it has all that it wants.
  int free() const { return opened.capacity - static_cast<int>(jobs.size()); }
  // Returns how busy the worker is, as far as it has said.
  Activity activity() const;
  // Returns the name, and the host if the worker has said it: "rank 3 (node7)".
  std::string text() const;
  const Transport& transport() const { return *transport_; }  // of a worker that is not lost

  std::string name;
  std::string reason;            // of being lost
  bool is_settled = false;       // lost, and its jobs are back in the queue
  std::string words;             // what the worker has said of a fault of its device
  Opened opened;                 // what the worker has said of its device
  Activity said;                 // the last activity that it has said
  std::set<std::uint64_t> jobs;  // under way

 private:
  void send(const Request& request);
  bool is_late(const Reply& reply);

  std::unique_ptr<Transport> transport_;
  PartsSent parts_;
  std::uint64_t epoch_ = 0;    // of the last open
  bool has_answered_ = false;  // the last open
  Silence silence_;
};

}  // namespace tw::fleet
