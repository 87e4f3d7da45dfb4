// Frames as messages of MPI.
#pragma once
#include <mpi.h>

#include <list>
#include <mutex>
#include <string>
#include <string_view>

#include "devices/fleet/transport.h"

namespace tw {

// A message under way. MPI reads or writes the frame until the request is done.
struct MpiMessage {
  std::string frame;
  MPI_Request request = MPI_REQUEST_NULL;
};

// Transports may be used by several threads, and MPI was asked for MPI_THREAD_SERIALIZED. So
// everything that calls MPI holds this mutex.
std::mutex& mpi_mutex();

// Starts to send a frame, and appends it to `sending`. Returns MPI's code.
int start_sending(std::string_view frame, int rank, int tag, std::list<MpiMessage>& sending);
// Removes the messages that are done. Returns the last error; MPI_SUCCESS if there is none.
int remove_done(std::list<MpiMessage>& sending);
// Keeps messages whose owner is gone until they are done. MPI cannot take a message back.
void leave_behind(std::list<MpiMessage>& messages);

// The connection to another rank. One thread at a time may use an object.
class MpiTransport final : public fleet::Transport {
 public:
  explicit MpiTransport(int rank) : rank_(rank) {}
  // Messages under way live on until they have arrived.
  ~MpiTransport() override;

  bool send(std::string_view frame) override;
  std::optional<std::string> receive() override;
  int descriptor() const override { return -1; }
  bool has_unsent() const override { return !sending_.empty(); }
  std::string end_reason() override { return fault_; }

 private:
  void complete();
  void start_receiving();

  int rank_;
  std::list<MpiMessage> sending_;
  std::list<MpiMessage> receiving_;  // one at most
  std::string fault_;
};

}  // namespace tw
