#include "mpi/mpi_transport.h"

#include <fmt/format.h>

#include <limits>
#include <mutex>

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

// Removes the messages that are sent. Returns the last error; MPI_SUCCESS if there is none.
int remove_sent(std::list<MpiSending>& sending) {
  int fault = MPI_SUCCESS;
  std::erase_if(sending, [&](MpiSending& one) {
    int done = 0;
    const int code = MPI_Test(&one.request, &done, MPI_STATUS_IGNORE);
    if (code != MPI_SUCCESS) fault = code;
    return done != 0;
  });
  return fault;
}

// Messages of transports that are gone. MPI cannot take a message back. Under mpi_mutex().
std::list<MpiSending>& left_behind() {
  static std::list<MpiSending> messages;
  return messages;
}

// Transports may be used by several threads, and MPI was asked for MPI_THREAD_SERIALIZED.
std::mutex& mpi_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

MpiTransport::~MpiTransport() {
  const std::scoped_lock lock(mpi_mutex());
  complete();
  left_behind().splice(left_behind().end(), sending_);
}

void MpiTransport::complete() {
  if (const int code = remove_sent(sending_); code != MPI_SUCCESS) fault_ = text_of(code);
  remove_sent(left_behind());
}

bool MpiTransport::send(std::string_view frame) {
  if (frame.size() > std::numeric_limits<int>::max()) {
    throw Error("a message to a rank exceeds 2 GiB");
  }
  const std::scoped_lock lock(mpi_mutex());
  sending_.push_back({.frame = std::string(frame)});
  MpiSending& sending = sending_.back();
  const int code = MPI_Isend(sending.frame.data(), static_cast<int>(frame.size()), MPI_BYTE, rank_,
                             tag, MPI_COMM_WORLD, &sending.request);
  if (code != MPI_SUCCESS) fault_ = text_of(code);
  complete();
  return fault_.empty();
}

std::optional<std::string> MpiTransport::receive() {
  const std::scoped_lock lock(mpi_mutex());
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
