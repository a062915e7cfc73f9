#include "tests/hostile/runner.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "tests/hostile/attack.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

constexpr Duration kWarmUp = 300ms;
constexpr Duration kSamplePeriod = 10ms;
constexpr Duration kRecoveryTimeout = 10s;
constexpr Duration kStopTimeout = 15s;
// What counts as "back to where it was": 5 %, or what an allocator keeps at hand per thread.
constexpr uint64_t kSlackBytes = 512 * 1024;

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }
Duration FromSeconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

// Samples the process until it is stopped and remembers the peak.
class Monitor {
 public:
  Monitor(const ServerProcess& server, int core)
      : server_(server), thread_([this, core] {
          PinThisThread(core);
          while (!is_stopping_) {
            peak_ = std::max<uint64_t>(peak_, server_.Sample().anonymous_bytes);
            std::this_thread::sleep_for(kSamplePeriod);
          }
        }) {}
  ~Monitor() { Stop(); }

  uint64_t Stop() {
    is_stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return std::max<uint64_t>(peak_, server_.Sample().anonymous_bytes);
  }

 private:
  const ServerProcess& server_;
  std::atomic<bool> is_stopping_ = false;
  uint64_t peak_ = 0;
  std::thread thread_;
};

// What the server's threads have had of processors since the construction.
class CpuSpan {
 public:
  explicit CpuSpan(const ServerProcess& server) : server_(server), before_(server.Sample()) {}

  double seconds() const { return Seconds(Clock::now() - begin_); }
  // 0 when the server has ended meanwhile.
  double server_ns() const { return Since(before_.cpu_ns, server_.Sample().cpu_ns); }
  // The part of the time that threads were ready to run and had no processor.
  double waited() const {
    return Since(before_.wait_ns, server_.Sample().wait_ns) / (seconds() * 1e9);
  }

 private:
  static double Since(uint64_t before, uint64_t now) {
    return static_cast<double>(now - std::min(now, before));
  }

  const ServerProcess& server_;
  const ProcessSample before_;
  const Clock::time_point begin_ = Clock::now();
};

class Run {
 public:
  Run(const Scenario& row, bool uses_tls, const RunnerOptions& options)
      : row_(row), uses_tls_(uses_tls), options_(options), cores_(ChooseCores()) {}

  Result Do() {
    std::vector<std::string> arguments = uses_tls_ ? options_.server_tls : options_.server;
    arguments.insert(arguments.end(), row_.server_flags.begin(), row_.server_flags.end());
    std::optional<ServerProcess> server = ServerProcess::Start(
        {.arguments = std::move(arguments), .core = cores_.server, .max_files = row_.server_files});
    if (!server.has_value()) {
      result_.trouble = "the server does not start";
      return std::move(result_);
    }
    result_.has_run = true;
    WarmUp(*server);
    result_.files_before = server->CountFiles();
    {
      std::unique_ptr<Victim> victim;
      if (row_.pace == Pace::kFlood) victim = MeasureBefore(*server);
      Measure(*server, victim.get());
      WaitForRecovery(*server);
    }
    Finish(*server);
    return std::move(result_);
  }

 private:
  // A few legal calls, so that what the server allocates once is there before it is measured.
  void WarmUp(ServerProcess& server) {
    const size_t files = server.CountFiles();
    Attack guest(server, uses_tls_, 1s);
    for (int i = 0; i < 3; ++i) {
      if (std::unique_ptr<Peer> peer = guest.Open()) StillGood(*peer);
    }
    // These connections must be gone before anybody counts. (A server may keep descriptors that it
    // opens with its first call; then this waits in vain.)
    server.WaitForFiles([&](size_t now) { return now <= files; }, 300ms);
  }

  std::unique_ptr<Victim> MeasureBefore(ServerProcess& server) {
    auto victim = std::make_unique<Victim>(server.port(), uses_tls_, cores_.clients);
    std::this_thread::sleep_for(kWarmUp);
    victim->Take();
    const uint64_t waited_ns = victim->waited_ns();
    const CpuSpan span(server);
    std::this_thread::sleep_for(FromSeconds(options_.baseline_seconds));
    result_.before = victim->Take();
    result_.has_victim = true;
    // The victim shares its core with the attacker later, and with nobody of ours now.
    const double victim_waited =
        static_cast<double>(victim->waited_ns() - waited_ns) / (span.seconds() * 1e9);
    result_.waited = std::max(span.waited(), victim_waited);
    calm_ns_per_call_ = result_.before.calls == 0
                            ? 0
                            : span.server_ns() / static_cast<double>(result_.before.calls);
    return victim;
  }

  void Measure(ServerProcess& server, Victim* victim) {
    const ProcessSample before = server.Sample();
    result_.resident_bytes = before.resident_bytes;
    baseline_ = before.anonymous_bytes;
    Monitor monitor(server, cores_.clients);
    const CpuSpan span(server);
    Attack attack(server, uses_tls_, FromSeconds(options_.attack_seconds));
    if (victim != nullptr) victim->Take();

    std::thread attacker([&] {
      PinThisThread(cores_.clients);
      YieldToOthers();
      RunRounds(attack);
    });
    attacker.join();

    result_.attack_seconds = span.seconds();
    if (victim != nullptr) {
      result_.during = victim->Take();
      result_.waited = std::max(result_.waited, span.waited());
    }
    const double server_ns = span.server_ns();
    const uint64_t peak = monitor.Stop();
    result_.growth_bytes = peak - std::min(peak, baseline_);
    result_.server_cpu = server_ns / (result_.attack_seconds * 1e9);
    result_.frames = attack.traffic().frames;
    result_.bytes = attack.traffic().bytes;
    result_.refused_connections = attack.refused_connections();
    // What a connection that ended had still in its socket was sent, and never parsed.
    const bool were_parsed = std::ranges::all_of(result_.outcomes, [](const auto& each) {
      return each.first.kind == Outcome::Kind::kSurvives;
    });
    if (were_parsed && result_.frames >= 1000) {
      const double victims_part = calm_ns_per_call_ * static_cast<double>(result_.during.calls);
      result_.cpu_ns_per_frame =
          std::max(0.0, server_ns - victims_part) / static_cast<double>(result_.frames);
    }
  }

  void RunRounds(Attack& attack) {
    const Clock::time_point end = Clock::now() + FromSeconds(options_.attack_seconds);
    const bool is_flood = row_.pace == Pace::kFlood;
    for (int round = 0; is_flood ? Clock::now() < end : round < row_.rounds; ++round) {
      attack.BeginRound(round);
      ++result_.outcomes[row_.run(attack)];
      ++result_.rounds;
    }
  }

  void WaitForRecovery(ServerProcess& server) {
    const Clock::time_point begin = Clock::now();
    const uint64_t slack = std::max(result_.resident_bytes / 20, kSlackBytes);
    do {
      const uint64_t now = server.Sample().anonymous_bytes;
      result_.left_bytes = now - std::min(now, baseline_);
      result_.has_recovered = result_.left_bytes <= slack;
      result_.recovery_seconds = Seconds(Clock::now() - begin);
      if (!result_.has_recovered) std::this_thread::sleep_for(kSamplePeriod);
    } while (!result_.has_recovered && Clock::now() - begin < kRecoveryTimeout);
  }

  void Finish(ServerProcess& server) {
    if (!row_.stops_server) {
      Attack guest(server, uses_tls_, 1s);
      {
        const std::unique_ptr<Peer> peer = guest.Open();
        result_.answers_after = peer != nullptr && StillGood(*peer) == Survives();
      }
      server.WaitForFiles([&](size_t now) { return now <= result_.files_before; }, 3s);
      result_.files_after = server.CountFiles();
      server.Signal(SIGTERM);
    }
    result_.exit_code = server.WaitForEnd(kStopTimeout);
    result_.server_errors = server.ErrorText();
  }

  const Scenario& row_;
  const bool uses_tls_;
  const RunnerOptions& options_;
  const Cores cores_;
  Result result_;
  uint64_t baseline_ = 0;
  double calm_ns_per_call_ = 0;
};

}  // namespace

Result RunScenario(const Scenario& row, bool uses_tls, const RunnerOptions& options) {
  return Run(row, uses_tls, options).Do();
}

}  // namespace hostile
