#include "tests/sim/simulation.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace weir::sim {
namespace {

// The loop's clock begins an hour after its origin, so that one may look back.
constexpr TimePoint kStart{std::chrono::hours(1)};

// Far more than any seed needs: what goes on for longer goes on forever.
constexpr uint64_t kStepsMax = 4'000'000;
constexpr Duration kTimeMax = std::chrono::hours(3);

// What a server that stops gives its calls.
constexpr Duration kShutdownTime = std::chrono::minutes(30);

// Together they must not time out a peer that means well.
constexpr int kLongPausesMax = 2;

}  // namespace

Simulation::Simulation(uint64_t seed, bool prints, Coverage& coverage, Tamper tamper)
    : random_(seed),
      trace_(prints),
      coverage_(coverage),
      tamper_(std::move(tamper)),
      scenario_(MakeScenario(random_)),
      loop_(random_, *this, scenario_.server.loop, kStart),
      world_{random_, events_, trace_, coverage_, referee_, scenario_.server, tamper_} {
  trace_.BeginStep(kStart);
  BuildServer();
  BuildClients();
}

Simulation::~Simulation() {
  // A simulation that failed stops in the middle: let everybody go.
  for (int turns = 0; turns < 1000 && worker_ != nullptr && !worker_->is_empty(); ++turns) {
    if (turns == 0) worker_->Abort();
    for (Session& session : sessions_) session.link().Reset();
    if (!events_.empty()) events_.RunNext();
    const TimePoint now = std::max(loop_.Now(), trace_.now()) + std::chrono::seconds(1);
    trace_.BeginStep(now);
    loop_.RunTurn(now);
  }
  worker_.reset();
  context_.reset();
}

void Simulation::BuildServer() {
  const ServerProfile& profile = scenario_.server;
  services_ = MakeServices(*this);
  ServerOptions options;
  options.log_sink = [](LogSeverity, std::string_view) {};
  const MethodOptions defaults = {.execution = Execution::kPool,
                                  .max_receive_message_bytes = profile.receive_message_max,
                                  .max_send_message_bytes = profile.send_message_max};
  const std::unordered_map<std::string, MethodOptions> none;
  server::Router router;
  for (size_t i = 0; i < services_.size(); ++i) {
    MethodOptions of_service;
    if (i == static_cast<size_t>(Style::kInline)) of_service.execution = Execution::kInline;
    const auto error = router.AddService(*services_[i], defaults, of_service, none);
    if (error) referee_.Fail(*error);
  }
  std::vector<std::unique_ptr<Interceptor>> interceptors;
  for (int i = 0; i < profile.interceptors; ++i) {
    interceptors.push_back(MakeInterceptor(*this, profile.refuses_some));
  }
  config_ = std::make_unique<const server::ServerConfig>(
      std::move(options), std::move(router), server::InterceptorChain(std::move(interceptors)));
  context_ = std::make_unique<server::WorkerContext>(*config_, pool_);
  worker_ = std::make_unique<driver::Worker>(profile.worker, *context_, loop_);
}

void Simulation::BuildClients() {
  for (size_t i = 0; i < scenario_.clients.size(); ++i) {
    const ClientProfile& profile = scenario_.clients[i];
    std::vector<CallRecord*> calls;
    for (CallPlan plan : profile.calls) {
      plan.link = static_cast<int>(i);
      calls.push_back(&calls_.Add(plan));
    }
    sessions_.emplace_back(static_cast<int>(i), profile, std::move(calls), world_);
    events_.Schedule(kStart + profile.starts_at, *this, kConnectFirst + static_cast<uint32_t>(i));
  }
  if (scenario_.drain_at != Duration::max()) {
    events_.Schedule(kStart + scenario_.drain_at, *this, kDrain);
  }
  if (scenario_.abort_at != Duration::max()) {
    events_.Schedule(kStart + scenario_.abort_at, *this, kAbort);
  }
}

// ---- what happens ------------------------------------------------------------------------------

Readiness Simulation::ReadinessOf(int fd) const {
  for (const Session& session : sessions_) {
    const Link& link = const_cast<Session&>(session).link();
    if (link.fd() == fd) return link.readiness();
  }
  return {};
}

void Simulation::OnEvent(uint32_t what) {
  switch (what) {
    case kDrain:
      BeginDrain();
      return;
    case kAbort:
      Abort();
      return;
    case kShutdownDeadline:
      if (is_aborting_ || worker_->is_empty()) return;
      CheckStandstill();
      Abort();
      return;
    default:
      Connect(what - kConnectFirst);
      return;
  }
}

// As an acceptor does, in a turn of the loop.
void Simulation::Connect(size_t index) {
  Session& session = sessions_[index];
  coverage_.Add(Behaviour::kConnection);
  const uint64_t failed = loop_.failed_watch_count();
  loop_.PostFunction([this, &session, failed] {
    trace_.Note("server adopts", session.link().fd() - 100);
    session.MarkAdopted();
    if (is_aborting_) session.model().OnAbort();
    worker_->PromiseConnection();
    worker_->Adopt(session.link().MakeSocket(), nullptr);
    if (loop_.failed_watch_count() != failed) session.Excuse();
  });
  session.client().Start();
}

void Simulation::BeginDrain() {
  if (std::exchange(is_draining_, true)) return;
  coverage_.Add(Behaviour::kDrain);
  loop_.PostFunction([this] {
    trace_.Note("server drains", -1);
    worker_->BeginDrain();
    worker_->NotifyWhenEmpty([this] {
      is_empty_ = true;
      coverage_.Add(Behaviour::kDrainFinished);
    });
  });
}

void Simulation::Abort() {
  if (std::exchange(is_aborting_, true)) return;
  coverage_.Add(Behaviour::kAbort);
  loop_.PostFunction([this] {
    trace_.Note("server aborts", -1);
    for (Session& session : sessions_) {
      if (!session.is_adopted()) continue;
      session.judge().OnAbort();
      session.model().OnAbort();
    }
    worker_->Abort();
  });
}

void Simulation::OnHandlerStarts(CallRecord& call) {
  coverage_.Add(Behaviour::kHandlerRun);
  trace_.Note("handler starts for call", call.plan.link, call.plan.id);
  ++running_handlers_;
  if (call.runs++ != 0) {
    referee_.Fail("the handler of call " + std::to_string(call.plan.id) + " runs twice");
  }
  call.is_running = true;
}

void Simulation::OnHandlerEnds(CallRecord& call) {
  trace_.Note("handler ends for call", call.plan.link, call.plan.id);
  --running_handlers_;
  if (!std::exchange(call.is_running, false)) {
    referee_.Fail("the handler of call " + std::to_string(call.plan.id) + " ends twice");
  }
  if (call.was_reset_by_client || call.was_reset) coverage_.Add(Behaviour::kHandlerOutlivedStream);
}

// ---- time --------------------------------------------------------------------------------------

SimulationResult Simulation::Run() {
  while (!referee_.has_failed() && Step()) {
    if (trace_.step() > kStepsMax || trace_.now() > kStart + kTimeMax) {
      referee_.Fail("the simulation does not come to an end; " + DescribeLoop());
    }
  }
  if (!referee_.has_failed()) CheckEnd();
  SimulationResult result;
  result.failure = referee_.sentence();
  if (referee_.has_failed()) result.trace = trace_.Tail();
  result.trace_hash = trace_.hash();
  result.steps = trace_.step();
  result.virtual_time = trace_.now() - kStart;
  return result;
}

std::string Simulation::DescribeLoop() {
  std::string text = loop_.has_work_left() ? "the server has work left" : "";
  if (loop_.has_tasks()) text += " has tasks";
  if (loop_.NextWake() <= trace_.now()) text += " has due timers";
  for (Session& session : sessions_) {
    const std::optional<net::Interest> interest = loop_.InterestOf(session.link().fd());
    if (!interest) continue;
    const Readiness ready = session.link().readiness();
    text += ", link " + std::to_string(session.link().fd() - 100) + ":";
    if (interest->read) text += " wants to read";
    if (interest->write) text += " wants to write";
    if (ready.readable) text += " readable";
    if (ready.writable) text += " writable";
    if (ready.hangup) text += " hangup";
  }
  return text;
}

bool Simulation::Step() {
  EndWhenQuiet();
  const ServerProfile& server = scenario_.server;
  if (turn_at_ == kNever && loop_.IsRunnable()) {
    Duration delay(static_cast<int64_t>(
        random_.Below(static_cast<uint64_t>(server.turn_delay_max.count()) + 1)));
    if (server.long_pause_one_in != 0 && long_pauses_ < kLongPausesMax &&
        random_.OneIn(server.long_pause_one_in)) {
      ++long_pauses_;
      coverage_.Add(Behaviour::kLateTurn);
      delay += std::chrono::milliseconds(random_.Between(100, 3'000));
    }
    turn_at_ = trace_.now() + delay;
  }
  TimePoint loop_at = std::min(turn_at_, std::max(loop_.NextWake(), trace_.now()));
  if (loop_at != kNever) loop_at = std::max(loop_at, loop_.busy_until());
  const TimePoint event_at = events_.next_time();
  if (loop_at == kNever && event_at == kNever) return false;
  // In one point of time both may come first.
  if (event_at < loop_at || (event_at == loop_at && random_.OneIn(2))) {
    trace_.BeginStep(event_at);
    events_.RunNext();
  } else {
    RunTurn(loop_at);
  }
  return true;
}

void Simulation::RunTurn(TimePoint now) {
  trace_.BeginStep(now);
  turn_at_ = kNever;
  loop_.RunTurn(now);
  CheckTurn();
}

// When every client has left, or only waits for the server, the server stops as well; and what does
// not end by itself then, is ended.
void Simulation::EndWhenQuiet() {
  if (is_ending_) return;
  is_ending_ = std::all_of(sessions_.begin(), sessions_.end(), [](Session& session) {
    return session.is_adopted() && session.client().is_done();
  });
  if (!is_ending_) return;
  events_.Schedule(AddSaturated(trace_.now(), kShutdownTime), *this, kShutdownDeadline);
  scenario_.aborts_at_end ? Abort() : BeginDrain();
}

}  // namespace weir::sim
