// tune-mpi: rank 0 is `tune`; it owns the database, and a process of its own measures on its GPU.
// All other ranks measure for it. No rank creates a CUDA context: measuring processes are its
// children, so that a fault of a kernel never ends a rank.
#include <fmt/format.h>
#include <mpi.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "core/base/error.h"
#include "devices/fleet/messages.h"
#include "devices/fleet/process_transport.h"
#include "devices/fleet/serve.h"
#include "devices/registry/registry.h"
#include "mpi/mpi_transport.h"
#include "mpi/presence.h"
#include "program/program.h"
#include "session/setup/device_names.h"
#include "session/setup/fleet_choice.h"
#include "ui/output.h"

namespace {

using tw::MpiTransport;

struct World {
  int rank = 0, size = 1;
  int rank_of_host = 0, ranks_of_host = 1;
  std::map<int, int> neighbours;  // the pidfds of this host's other ranks, for rank 0
};

// Containers of one host may number their processes differently.
bool is_a_rank(int process) {
  std::error_code fault;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", fault);
  const auto its = std::filesystem::read_symlink(fmt::format("/proc/{}/exe", process), fault);
  return !fault && its == own;
}

// Returns descriptors of the processes of a host's other ranks, by their ranks in MPI_COMM_WORLD.
// They name no other process once a rank has ended.
std::map<int, int> processes_of(MPI_Comm host, const World& world) {
  std::array<int, 2> own = {world.rank, static_cast<int>(::getpid())};
  std::vector<int> all(2 * static_cast<std::size_t>(world.ranks_of_host));
  MPI_Allgather(own.data(), 2, MPI_INT, all.data(), 2, MPI_INT, host);
  std::map<int, int> processes;
  for (std::size_t i = 0; i < all.size() && world.rank == 0; i += 2) {
    if (all[i + 1] == own[1] || !is_a_rank(all[i + 1])) continue;
    processes[all[i]] = static_cast<int>(::syscall(SYS_pidfd_open, all[i + 1], 0));
  }
  return processes;
}

World enter_world(int argc, char** argv) {
  // The ranks know when all of them are done. Open MPI's barrier would wait for ranks that are
  // gone.
  ::setenv("OMPI_MCA_async_mpi_finalize", "1", 0);
  // A worker's thread says that it is alive, under a lock.
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided);
  if (provided < MPI_THREAD_SERIALIZED) {
    tw::say(
        "tune-mpi: this MPI was built without threads (MPI_THREAD_SERIALIZED): use another one");
    MPI_Abort(MPI_COMM_WORLD, 2);
  }
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  World world;
  MPI_Comm_rank(MPI_COMM_WORLD, &world.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &world.size);
  MPI_Comm host;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  MPI_Comm_rank(host, &world.rank_of_host);
  MPI_Comm_size(host, &world.ranks_of_host);
  world.neighbours = processes_of(host, world);
  MPI_Comm_free(&host);
  return world;
}

// mpirun may bind each rank to a core, and with it the processes that compile.
void warn_if_bound(const World& world) {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return;
  const int allowed = CPU_COUNT(&cores);
  const auto all = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  if (world.rank > 0 || 2 * allowed * world.ranks_of_host > all) return;
  tw::say(
      fmt::format("rank 0 may use {} of {} cores, so that compiling takes long: give mpirun "
                  "--bind-to none, or srun more --cpus-per-task",
                  allowed, all));
}

// Opens the device of a rank. "cuda" is the GPU of the rank's number on its host.
std::unique_ptr<tw::Device> open_device(const World& world, const tw::fleet::OpenRequest& request) {
  std::string name = request.device;
  if (name == "cuda") {
    const int count = tw::gpu_count();
    if (count == 0) throw tw::Error("there is no GPU on this host, or NVRTC is missing");
    name = fmt::format("cuda:{}", world.rank_of_host % count);
  }
  return tw::open_named(name, request.cache, world.ranks_of_host);
}

// Rank 0 measures in a process of its own, which finds its GPU as a rank does.
tw::fleet::Connection connection_to_child(const World& world) {
  auto transport = std::make_unique<tw::fleet::ProcessTransport>(tw::WorkerProcess({"fleet"}));
  return {.name = "rank 0",
          .device = {},
          .sharers = world.ranks_of_host,
          .transport = std::move(transport)};
}

std::vector<tw::fleet::Connection> connections(const World& world) {
  std::vector<tw::fleet::Connection> all;
  all.push_back(connection_to_child(world));
  for (int rank = 1; rank < world.size; ++rank) {
    all.push_back({.name = fmt::format("rank {}", rank),
                   .device = {},
                   .transport = std::make_unique<MpiTransport>(rank)});
  }
  return all;
}

bool says_that_it_quits(MpiTransport& rank) {
  try {
    while (const std::optional<std::string> frame = rank.receive()) {
      // Answers to jobs that were cancelled may come first.
      if (tw::fleet::decode_reply(*frame).kind == tw::fleet::Reply::Kind::quits) return true;
    }
  } catch (const tw::Error&) {  // a rank that talks nonsense does not end well
    return false;
  }
  return false;
}

// Tells the other ranks to end. Returns those that do not.
std::set<int> dismiss(const World& world) {
  std::map<int, std::unique_ptr<MpiTransport>> ranks;
  for (int rank = 1; rank < world.size; ++rank) {
    tw::PartsSent none;
    auto transport = std::make_unique<MpiTransport>(rank);
    transport->send(tw::fleet::encode({.kind = tw::fleet::Request::Kind::quit}, none));
    ranks.emplace(rank, std::move(transport));
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!ranks.empty() && std::chrono::steady_clock::now() < deadline) {
    std::erase_if(ranks, [](const auto& rank) { return says_that_it_quits(*rank.second); });
    tw::wait_any({}, std::chrono::steady_clock::now() + std::chrono::milliseconds(2));
  }
  std::set<int> lost;
  for (const auto& [rank, transport] : ranks) lost.insert(rank);
  return lost;
}

// Ends rank 0 although other ranks do not end.
[[noreturn]] void leave_behind(const World& world, const std::set<int>& lost, int code) {
  std::fflush(nullptr);
  const std::scoped_lock mpi(tw::mpi_mutex());
  // Open MPI 4.1's mpirun may crash or hang after MPI_Abort, and with --enable-recovery it does not
  // end a rank that is stopped. It ends all ranks when one ends without MPI_Finalize.
  const bool is_of_mpirun = std::getenv("OMPI_COMM_WORLD_RANK") != nullptr;
  if (!is_of_mpirun) MPI_Abort(MPI_COMM_WORLD, code);
  for (const int rank : lost) {
    const auto process = world.neighbours.find(rank);
    if (process == world.neighbours.end()) continue;
    ::syscall(SYS_pidfd_send_signal, process->second, SIGKILL, nullptr, 0);
  }
  ::_exit(code);
}

int serve_rank(const World& world) {
  tw::ParentTransport parent;
  try {
    tw::fleet::serve(parent, tw::build_of_fleets(), [&](const tw::fleet::OpenRequest& request) {
      parent.set_silence_limit(std::chrono::seconds(request.silence_s));
      return open_device(world, request);
    });
    if (const std::string reason = parent.end_reason(); !reason.empty()) {
      tw::say(
          fmt::format("tune-mpi: rank {} ends, because rank 0 is gone: {}", world.rank, reason));
      std::fflush(nullptr);
      ::_exit(2);  // MPI_Finalize would wait for rank 0
    }
    return 0;
  } catch (const std::exception& error) {
    tw::say(fmt::format("tune-mpi: rank {}: {}", world.rank, error.what()));
    return 2;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  // A child of a rank is no rank.
  if (!words.empty() && words.front() == "__worker") return tw::run_program(words);
  const World world = enter_world(argc, argv);
  int code = 0;
  if (world.rank > 0) {
    code = serve_rank(world);
  } else {
    warn_if_bound(world);
    const tw::Presence presence;
    tw::set_rank_connector([&world] { return connections(world); });
    code = tw::run_program(words);
    if (const std::set<int> lost = dismiss(world); !lost.empty()) leave_behind(world, lost, code);
  }
  MPI_Finalize();
  return code;
}
