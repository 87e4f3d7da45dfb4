#include "mpi/mpi_transport.h"

#include <fmt/format.h>

#include <limits>

#include "core/base/error.h"

namespace tw {
namespace {

constexpr int tag = 1;

std::string text_of(int code) {
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(code, text, &length);
  return text;
}

}  // namespace

MpiTransport::~MpiTransport() {
  complete();
  for (Sending& sending : sending_) {
    MPI_Cancel(&sending.request);
    MPI_Request_free(&sending.request);
  }
}

void MpiTransport::complete() {
  while (!sending_.empty()) {
    int done = 0;
    const int code = MPI_Test(&sending_.front().request, &done, MPI_STATUS_IGNORE);
    if (code != MPI_SUCCESS) fault_ = text_of(code);
    if (!done) return;
    sending_.pop_front();
  }
}

bool MpiTransport::send(std::string_view frame) {
  if (frame.size() > std::numeric_limits<int>::max()) {
    throw Error("a message to a rank exceeds 2 GiB");
  }
  Sending& sending = sending_.emplace_back(std::string(frame));
  const int code = MPI_Isend(sending.frame.data(), static_cast<int>(frame.size()), MPI_BYTE, rank_,
                             tag, MPI_COMM_WORLD, &sending.request);
  if (code != MPI_SUCCESS) fault_ = text_of(code);
  complete();
  return fault_.empty();
}

std::optional<std::string> MpiTransport::receive() {
  complete();
  int arrived = 0;
  MPI_Status status;
  if (const int code = MPI_Iprobe(rank_, tag, MPI_COMM_WORLD, &arrived, &status);
      code != MPI_SUCCESS) {
    fault_ = text_of(code);
  }
  if (!arrived) return std::nullopt;
  int size = 0;
  MPI_Get_count(&status, MPI_BYTE, &size);
  std::string frame(static_cast<std::size_t>(size), '\0');
  const int code =
      MPI_Recv(frame.data(), size, MPI_BYTE, rank_, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  if (code == MPI_SUCCESS) return frame;
  fault_ = text_of(code);
  return std::nullopt;
}

}  // namespace tw
