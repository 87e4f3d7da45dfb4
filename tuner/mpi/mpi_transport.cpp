#include "mpi/mpi_transport.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "core/base/error.h"

namespace tw {
namespace {

constexpr int frame_tag = 1;

std::string text_of(int code) {
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(code, text, &length);
  return text;
}

// Messages whose owners are gone.
std::list<MpiMessage>& left_behind() {
  static std::list<MpiMessage> messages;
  return messages;
}

}  // namespace

std::mutex& mpi_mutex() {
  static std::mutex mutex;
  return mutex;
}

int start_sending(std::string_view frame, int rank, int to_tag, std::list<MpiMessage>& sending) {
  MpiMessage& one = sending.emplace_back(MpiMessage{.frame = std::string(frame)});
  return MPI_Isend(one.frame.data(), static_cast<int>(frame.size()), MPI_BYTE, rank, to_tag,
                   MPI_COMM_WORLD, &one.request);
}

int remove_done(std::list<MpiMessage>& sending) {
  int fault = MPI_SUCCESS;
  std::erase_if(sending, [&](MpiMessage& one) {
    int done = 0;
    const int code = MPI_Test(&one.request, &done, MPI_STATUS_IGNORE);
    if (code != MPI_SUCCESS) fault = code;
    return done != 0;
  });
  return fault;
}

void leave_behind(std::list<MpiMessage>& messages) {
  left_behind().splice(left_behind().end(), messages);
  remove_done(left_behind());
}

MpiTransport::~MpiTransport() {
  const std::scoped_lock lock(mpi_mutex());
  leave_behind(sending_);
  leave_behind(receiving_);
}

void MpiTransport::complete() {
  if (const int code = remove_done(sending_); code != MPI_SUCCESS) fault_ = text_of(code);
  remove_done(left_behind());
}

bool MpiTransport::send(std::string_view frame) {
  if (frame.size() > std::numeric_limits<int>::max()) {
    throw Error("a message to a rank exceeds 2 GiB");
  }
  const std::scoped_lock lock(mpi_mutex());
  const int code = start_sending(frame, rank_, frame_tag, sending_);
  if (code != MPI_SUCCESS) fault_ = text_of(code);
  complete();
  return fault_.empty();
}

// A rank may be stopped, or end, when a part of its message has arrived. So a message is not waited
// for.
std::optional<std::string> MpiTransport::receive() {
  const std::scoped_lock lock(mpi_mutex());
  complete();
  if (receiving_.empty()) start_receiving();
  if (receiving_.empty()) return std::nullopt;
  MpiMessage& message = receiving_.front();
  int done = 0;
  if (const int code = MPI_Test(&message.request, &done, MPI_STATUS_IGNORE); code != MPI_SUCCESS) {
    fault_ = text_of(code);
    receiving_.clear();
    return std::nullopt;
  }
  if (!done) return std::nullopt;
  std::string frame = std::move(message.frame);
  receiving_.clear();
  return frame;
}

void MpiTransport::start_receiving() {
  int arrived = 0;
  MPI_Status status;
  int code = MPI_Iprobe(rank_, frame_tag, MPI_COMM_WORLD, &arrived, &status);
  if (code == MPI_SUCCESS && arrived) {
    int size = 0;
    MPI_Get_count(&status, MPI_BYTE, &size);
    MpiMessage& message = receiving_.emplace_back(
        MpiMessage{.frame = std::string(static_cast<std::size_t>(size), '\0')});
    code = MPI_Irecv(message.frame.data(), size, MPI_BYTE, rank_, frame_tag, MPI_COMM_WORLD,
                     &message.request);
    if (code != MPI_SUCCESS) receiving_.clear();
  }
  if (code != MPI_SUCCESS) fault_ = text_of(code);
}

}  // namespace tw
