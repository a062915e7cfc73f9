// The services of the simulated server: handlers that do what a CallPlan says, in the styles that
// run on the worker.
#ifndef WEIR_TESTS_SIM_SERVICES_H_
#define WEIR_TESTS_SIM_SERVICES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/call.h"
#include "transport/net/loop.h"
#include "weir/interceptor.h"
#include "weir/internal/message_codec.h"
#include "weir/server_context.h"
#include "weir/service.h"
#include "weir/status.h"
#include "weir/task.h"

namespace weir::sim {

// Told what handlers see and do. All of it happens on the simulation's one thread.
class HandlerObserver {
 public:
  // nullptr when no call has this number.
  virtual CallRecord* FindCall(uint64_t id) = 0;
  virtual void OnHandlerStarts(CallRecord& call) = 0;
  virtual void OnHandlerEnds(CallRecord& call) = 0;
  // A handler saw what it must not see.
  virtual void OnHandlerComplaint(const std::string& sentence) = 0;
  virtual net::Loop& loop() = 0;

 protected:
  ~HandlerObserver() = default;
};

// A message: octets, and the count of those that are alive.
struct Message {
  Message();
  explicit Message(std::string octets);
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message();

  std::string text;

  static int alive();
};

extern const internal::MessageCodec kMessageCodec;

// "sim.Coroutine", and the blocking "sim.Inline" and "sim.Pool".
std::vector<std::unique_ptr<Service>> MakeServices(HandlerObserver& observer);

// Passes calls on; with `refuses_some`, answers those with a number divisible by three itself.
std::unique_ptr<Interceptor> MakeInterceptor(HandlerObserver& observer, bool refuses_some);
inline constexpr int kInterceptorStatus = 7;  // PERMISSION_DENIED
inline bool IsInterceptorsCall(const CallPlan& plan) {
  return plan.is_id_in_metadata && plan.id % 3 == 0;
}

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_SERVICES_H_
