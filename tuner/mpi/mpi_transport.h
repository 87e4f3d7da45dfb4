// Frames as messages of MPI.
#pragma once
#include <mpi.h>

#include <list>
#include <string>

#include "devices/fleet/transport.h"

namespace tw {

// A message under way. MPI reads the frame until the request is done.
struct MpiSending {
  std::string frame;
  MPI_Request request = MPI_REQUEST_NULL;
};

// The connection to another rank. One thread at a time may use an object.
class MpiTransport final : public fleet::Transport {
 public:
  explicit MpiTransport(int rank) : rank_(rank) {}
  // Messages that the other rank has not taken yet live on until it takes them.
  ~MpiTransport() override;

  bool send(std::string_view frame) override;
  std::optional<std::string> receive() override;
  int descriptor() const override { return -1; }
  bool has_unsent() const override { return !sending_.empty(); }
  std::string end_reason() override { return fault_; }

 private:
  void complete();

  int rank_;
  std::list<MpiSending> sending_;
  std::string fault_;
};

}  // namespace tw
