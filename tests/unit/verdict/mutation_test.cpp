// The cpu device must notice the faults that the conformance tests look for. Each test breaks a
// GEMM kernel at one place and expects a failing outcome; the unbroken kernel passes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/plan.h"
#include "core/space/space.h"
#include "devices/cpu/cpu.h"
#include "devices/cpu/emulation/sanitizer.h"

namespace tw {
namespace {

// A kernel, the files that are broken, and problems that exercise every part of these files.
struct Subject {
  std::string kernel, files;  // "simt"; files that start with "gemm/simt"
  std::vector<std::string> shapes;
  std::string epilogue;
  std::vector<std::int64_t> splits;
};
const Subject simt{"simt",
                   "gemm/simt",
                   {"m=131,n=137,k=150,layout=nt", "m=61,n=63,k=140,layout=tn,beta=1",
                    "m=132,n=136,k=152,layout=nn"},
                   "",
                   {1, 2}};
const Subject rows{"mma", "gemm/mma_results", {"m=70,n=150,k=20,batch=2"}, "logsumexp", {1}};

// A place in the kernel's sources.
struct Place {
  std::string path;
  std::size_t begin, size;
};

// Returns all places in the files that start with `first` and end with the next `last`.
std::vector<Place> places_of(const std::string& files, const std::string& first,
                             const std::string& last) {
  std::vector<Place> places;
  for (const auto& [path, text] : builtin_sources()) {
    if (!path.starts_with(files)) continue;
    for (std::size_t at = text.find(first); at != text.npos; at = text.find(first, at + 1)) {
      const std::size_t end = text.find(last, at + first.size());
      if (end != text.npos) places.push_back({path, at, end + last.size() - at});
    }
  }
  return places;
}

using Change = std::function<std::string(const std::string& found)>;

Texts mutated(const Place& place, const Change& change) {
  Texts sources = builtin_sources();
  std::string& text = sources.at(place.path);
  text.replace(place.begin, place.size, change(text.substr(place.begin, place.size)));
  return sources;
}

std::string removed(const std::string&) { return ""; }

class MutationTest : public testing::Test {
 protected:
  // Runs the kernel of `sources` on the problems until one does not pass; returns the last
  // measurement.
  Measurement run(const Subject& subject, const Texts& sources) {
    const Catalog catalog = Catalog::load(builtin_spaces(), sources);
    for (const std::string& shape : subject.shapes) {
      for (const std::int64_t split : subject.splits) {
        device_->submit(job(catalog, subject, shape, split));
      }
      Measurement failed;
      for (std::size_t answered = 0; answered < subject.splits.size();) {
        for (const Finished& finished : device_->wait(deadline_)) {
          ++answered;
          if (finished.measurement.outcome != Outcome::ok) failed = finished.measurement;
        }
        if (std::chrono::steady_clock::now() > deadline_) throw Error("no answer");
      }
      if (failed.outcome != Outcome::ok) return failed;
    }
    return {};
  }

  // Breaks each place in turn and expects a failure; `spared` of them may be harmless.
  void expect_caught(const Subject& subject, const std::string& first, const std::string& last,
                     const Change& change, int spared = 0) {
    const std::vector<Place> places = places_of(subject.files, first, last);
    EXPECT_FALSE(places.empty()) << first;
    std::string missed;
    for (const Place& place : places) {
      const Measurement measurement = run(subject, mutated(place, change));
      if (measurement.outcome == Outcome::wrong_result || measurement.outcome == Outcome::faulted) {
        continue;
      }
      missed += fmt::format("{} at byte {}: {} {}\n", place.path, place.begin,
                            name_of(measurement.outcome), measurement.note);
      --spared;
    }
    EXPECT_GE(spared, 0) << first << " was changed without effect in\n" << missed;
  }

 private:
  Job job(const Catalog& catalog, const Subject& subject, const std::string& shape,
          std::int64_t split) {
    const OpEntry& entry = catalog.at("gemm");
    const OpSpec& op = entry.op;
    const KernelSpec& kernel =
        *std::find_if(entry.kernels.begin(), entry.kernels.end(),
                      [&](const KernelSpec& each) { return each.name == subject.kernel; });
    const Problem problem = parse_problem(op, {.shape = shape, .epilogue = subject.epilogue});
    const auto space =
        SearchSpace::enumerate(kernel, slots_of(op, kernel.names, problem, device_->info()));
    LoweredPlan lowered = lower(catalog, kernel, problem, device_->info(), pick(space, split));
    if (!lowered.invalid.empty()) throw Error(lowered.invalid);
    Job result;
    result.limits.timeout_ms = 60000;
    result.purpose = Purpose::verify;
    result.plan = std::move(lowered.plan);
    return result;
  }

  // Returns the default configuration with the given split_k.
  static Configuration pick(const SearchSpace& space, std::int64_t split) {
    Configuration wanted = space[space.default_index()];
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (space.knobs()[i].name == "split_k") wanted[i] = split;
    }
    if (!space.find(wanted))
      throw Error("no such configuration: " + text_of(space.knobs(), wanted));
    return wanted;
  }

  std::unique_ptr<Device> device_ = open_cpu();
  std::chrono::steady_clock::time_point deadline_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(280);
};

TEST_F(MutationTest, UnbrokenKernelsPass) {
  for (const Subject& subject : {simt, rows}) {
    const Measurement measurement = run(subject, builtin_sources());
    EXPECT_EQ(measurement.outcome, Outcome::ok) << subject.kernel << ": " << measurement.note;
  }
}

TEST_F(MutationTest, MissingBarrier) {
  // One barrier stands between blocks. It shows only where blocks take turns.
  expect_caught(simt, "__syncthreads(", ");", removed, cpu::has_asan ? 1 : 0);
}

TEST_F(MutationTest, MissingCopyWait) { expect_caught(simt, "cp_async_wait<", ">();", removed); }

TEST_F(MutationTest, WaitForOneCopyTooFew) {
  expect_caught(simt, "cp_async_wait<", ">();", [](const std::string& found) {
    return found.substr(0, found.rfind('>')) + " + 1>();";
  });
}

TEST_F(MutationTest, MissingBoundCheck) {
  const auto always = [](const std::string&) { return "true"; };
  expect_caught(simt, "row < m", "", always);
  // One of the two checks guards a read whose value is dropped: only AddressSanitizer detects it.
  expect_caught(simt, "j < n - at.column", "", always, cpu::has_asan ? 0 : 1);
}

TEST_F(MutationTest, WidenedSharedMemoryIndex) {
  expect_caught(simt, "SharedPointer<T>::dynamic", "()",
                [](const std::string& found) { return "(" + found + " + 32)"; });
  expect_caught(simt, "const SharedPointer<T> to = to_ + stage", "",
                [](const std::string& found) { return found + " + 4"; });
}

TEST_F(MutationTest, MissingPartOfAReduction) {
  expect_caught(rows, "mine[i].add(", ");", removed);
  expect_caught(rows, "epilogue::join_lanes<", ");", removed);
  expect_caught(rows, "mine.merge(", ");", removed);
  expect_caught(rows, "if (lane == 0) matrix(c", ";", removed);
}

TEST_F(MutationTest, MissingBoundCheckOfAReduction) {
  expect_caught(rows, "if (column >= n) return;", "", removed);
  expect_caught(rows, "if (row >= rows) return;", "", removed);
  expect_caught(rows, "at < m && ", "", removed);
  expect_caught(rows, " || column >= n", "", removed);
}

}  // namespace
}  // namespace tw
