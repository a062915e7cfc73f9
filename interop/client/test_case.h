// What is a case of the interoperability suite, and what does it need to run?
#ifndef WEIR_INTEROP_CLIENT_TEST_CASE_H_
#define WEIR_INTEROP_CLIENT_TEST_CASE_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "interop/protos/test.grpc.pb.h"

namespace weir::interop {

// What was wrong in one case; it has passed while nothing was. Used by one thread at a time.
class Verdict {
 public:
  // Notes `complaint` unless `condition` holds.
  void Expect(bool condition, std::string complaint) {
    if (!condition) complaints_.push_back(std::move(complaint));
  }

  template <typename T>
  void ExpectEqual(const T& got, const T& wanted, std::string_view what) {
    if constexpr (std::is_convertible_v<T, std::string_view>) {
      Expect(got == wanted, std::string(what) + " is \"" + std::string(got) + "\" instead of \"" +
                                std::string(wanted) + "\"");
    } else {
      Expect(got == wanted, std::string(what) + " is " + std::to_string(got) + " instead of " +
                                std::to_string(wanted));
    }
  }

  void ExpectStatus(const ::grpc::Status& got, ::grpc::StatusCode wanted, std::string_view what);
  void ExpectOk(const ::grpc::Status& got, std::string_view what) {
    ExpectStatus(got, ::grpc::StatusCode::OK, what);
  }

  bool has_passed() const { return complaints_.empty(); }
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  std::vector<std::string> complaints_;
};

// The server under test, and how hard the soak cases press it.
struct Target {
  // Makes a channel that shares no connection with any other.
  std::function<std::shared_ptr<::grpc::Channel>()> new_channel;
  // The channel of all cases that need no channel of their own.
  std::shared_ptr<::grpc::Channel> channel;

  int soak_iterations = 10;
  int soak_threads = 1;
  std::chrono::milliseconds soak_latency_max{1000};
};

struct TestCase {
  std::string_view name;
  void (*run)(const Target& target, Verdict& verdict);
};

// The cases of this driver by subject, in the order in which they run.
std::span<const TestCase> UnaryCases();
std::span<const TestCase> StreamingCases();
std::span<const TestCase> CompressionCases();
std::span<const TestCase> StatusCases();
std::span<const TestCase> SoakCases();

// ---- what several cases share

// No case waits for ever: every call has this long, unless the case is about time.
constexpr std::chrono::seconds kCallTimeout{20};

// Sizes that the suite prescribes.
constexpr int kLargeRequestBytes = 271'828;
constexpr int kLargeResponseBytes = 314'159;

void SetDeadline(::grpc::ClientContext& context, std::chrono::nanoseconds timeout = kCallTimeout);

// A payload of zeros.
::grpc::testing::Payload MakePayload(int size);

// The request of large_unary and its relatives.
::grpc::testing::SimpleRequest MakeLargeRequest();

// Complains unless `payload` consists of `size` zeros.
void ExpectZeros(Verdict& verdict, const ::grpc::testing::Payload& payload, int size,
                 std::string_view what);

}  // namespace weir::interop

#endif  // WEIR_INTEROP_CLIENT_TEST_CASE_H_
