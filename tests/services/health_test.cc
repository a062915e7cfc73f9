#include "weir/health.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/integration/test_server.h"

namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using grpc::health::v1::HealthListRequest;
using grpc::health::v1::HealthListResponse;
using grpc::health::v1::upstream::Health;
using integration::BoundedContext;
using integration::TestServer;
using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr auto kServing = HealthCheckResponse::SERVING;
constexpr auto kNotServing = HealthCheckResponse::NOT_SERVING;
constexpr auto kServiceUnknown = HealthCheckResponse::SERVICE_UNKNOWN;

HealthCheckRequest RequestFor(const std::string& service) {
  HealthCheckRequest request;
  request.set_service(service);
  return request;
}

bool AreAllSet(std::span<const std::atomic<int>> values) {
  return std::all_of(values.begin(), values.end(), [](const auto& each) { return each != 0; });
}

// A call of Watch.
class Watching {
 public:
  Watching(Health::Stub& stub, const std::string& service)
      : reader_(stub.Watch(&context_, RequestFor(service))) {}

  // What it is told next; UNKNOWN when it is over.
  HealthCheckResponse::ServingStatus Next() {
    HealthCheckResponse response;
    return reader_->Read(&response) ? response.status() : HealthCheckResponse::UNKNOWN;
  }
  grpc::Status Finish() { return reader_->Finish(); }
  void Cancel() { context_.TryCancel(); }

 private:
  BoundedContext context_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader_;
};

class HealthTest : public testing::Test {
 protected:
  std::unique_ptr<Health::Stub> NewStub() const { return Health::NewStub(server_.NewChannel()); }

  grpc::Status Check(const std::string& service, HealthCheckResponse::ServingStatus* status) {
    BoundedContext context;
    HealthCheckResponse response;
    const grpc::Status result = stub_->Check(&context, RequestFor(service), &response);
    *status = response.status();
    return result;
  }
  HealthCheckResponse::ServingStatus StatusOf(const std::string& service) {
    HealthCheckResponse::ServingStatus status;
    EXPECT_TRUE(Check(service, &status).ok());
    return status;
  }

  weir::HealthService health_;
  TestServer server_{&health_};
  const std::unique_ptr<Health::Stub> stub_ = NewStub();
};

TEST_F(HealthTest, ServerAsAWholeServesFromTheStart) { EXPECT_EQ(StatusOf(""), kServing); }

TEST_F(HealthTest, ChecksWhatWasSetLast) {
  health_.SetServingStatus("a.A", true);
  EXPECT_EQ(StatusOf("a.A"), kServing);
  health_.SetServingStatus("a.A", false);
  EXPECT_EQ(StatusOf("a.A"), kNotServing);
  EXPECT_EQ(StatusOf(""), kServing);
}

TEST_F(HealthTest, DoesNotFindOtherNames) {
  health_.SetServingStatus("a.A", true);
  for (const char* const name : {"a.a", "a.A ", "a", "/a.A"}) {
    HealthCheckResponse::ServingStatus status;
    EXPECT_EQ(Check(name, &status).error_code(), grpc::NOT_FOUND) << name;
  }
}

TEST_F(HealthTest, SetsAllThatIsKnownAtOnce) {
  health_.SetServingStatus("a.A", true);
  health_.SetServingStatus(false);
  EXPECT_EQ(StatusOf("a.A"), kNotServing);
  EXPECT_EQ(StatusOf(""), kNotServing);
}

TEST_F(HealthTest, NothingServesOnceShutDown) {
  health_.SetServingStatus("a.A", true);
  health_.Shutdown();
  health_.SetServingStatus("a.A", true);
  health_.SetServingStatus(true);
  health_.SetServingStatus("b.B", true);
  EXPECT_EQ(StatusOf("a.A"), kNotServing);
  EXPECT_EQ(StatusOf(""), kNotServing);
  EXPECT_EQ(StatusOf("b.B"), kNotServing);
}

TEST_F(HealthTest, ListsUpToAHundred) {
  health_.SetServingStatus("a.A", false);
  {
    BoundedContext context;
    HealthListResponse response;
    ASSERT_TRUE(stub_->List(&context, HealthListRequest(), &response).ok());
    std::vector<std::pair<std::string, int>> listed;
    for (const auto& [name, each] : response.statuses()) listed.emplace_back(name, each.status());
    EXPECT_THAT(listed, UnorderedElementsAre(Pair("", kServing), Pair("a.A", kNotServing)));
  }
  const auto list = [&] {
    BoundedContext context;
    HealthListResponse response;
    return stub_->List(&context, HealthListRequest(), &response).error_code();
  };
  for (int i = 0; i < 98; ++i) health_.SetServingStatus("s" + std::to_string(i), true);
  EXPECT_EQ(list(), grpc::OK);
  health_.SetServingStatus("one.too.Many", true);
  EXPECT_EQ(list(), grpc::RESOURCE_EXHAUSTED);
}

TEST_F(HealthTest, RefusesARequestThatIsMuchLargerThanAName) {
  HealthCheckResponse::ServingStatus status;
  EXPECT_EQ(Check(std::string(4000, 'n'), &status).error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(Check(std::string(4097, 'n'), &status).error_code(), grpc::RESOURCE_EXHAUSTED);
}

TEST_F(HealthTest, WatchTellsTheStatusAndItsChanges) {
  Watching watching(*stub_, "");
  EXPECT_EQ(watching.Next(), kServing);
  health_.SetServingStatus("", false);
  EXPECT_EQ(watching.Next(), kNotServing);
  health_.SetServingStatus("", false);  // no change, no message
  health_.SetServingStatus("a.A", true);
  health_.SetServingStatus("", true);
  EXPECT_EQ(watching.Next(), kServing);
  watching.Cancel();
  EXPECT_EQ(watching.Finish().error_code(), grpc::CANCELLED);
}

TEST_F(HealthTest, WatchWaitsForAServiceThatIsNotThereYet) {
  Watching watching(*stub_, "a.A");
  EXPECT_EQ(watching.Next(), kServiceUnknown);
  health_.SetServingStatus("a.A", true);
  EXPECT_EQ(watching.Next(), kServing);
}

TEST_F(HealthTest, EveryWatcherOfANameIsTold) {
  const auto other_stub = NewStub();  // another connection, so another worker
  std::vector<std::unique_ptr<Watching>> watchers;
  for (int i = 0; i < 20; ++i) {
    watchers.push_back(std::make_unique<Watching>(i % 2 == 0 ? *stub_ : *other_stub, "a.A"));
  }
  for (const auto& each : watchers) EXPECT_EQ(each->Next(), kServiceUnknown);
  watchers.resize(10);  // The others are gone: destroying a context cancels its call.
  health_.SetServingStatus("a.A", true);
  for (const auto& each : watchers) EXPECT_EQ(each->Next(), kServing);
}

// Many threads change the status while clients watch, come and go. What a client hears last is what
// was set last.
TEST_F(HealthTest, TheLastChangeIsHeardHoweverManyThereAre) {
  constexpr int kClients = 4;
  std::atomic<int> last[kClients] = {};
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([this, i, &last] {
      const auto stub = NewStub();
      for (int round = 0; round < 5; ++round) {
        Watching passing(*stub, "a.A");
        for (int n = 0; n < 1 + i; ++n) passing.Next();
        passing.Cancel();
        passing.Finish();
      }
      Watching watching(*stub, "a.A");
      while (const auto status = watching.Next()) last[i] = status;
      EXPECT_EQ(watching.Finish().error_code(), grpc::UNAVAILABLE);
    });
  }
  std::vector<std::thread> setters;
  for (int i = 0; i < 2; ++i) {
    setters.emplace_back([this, &last] {
      // Until the last client watches for good.
      for (int n = 0; n < 4000 || !AreAllSet(last); ++n) {
        health_.SetServingStatus("a.A", n % 2 == 0);
        if (n % 100 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
  }
  for (std::thread& each : setters) each.join();
  const auto end = std::chrono::steady_clock::now() + integration::kPatience;
  for (const auto final_status : {kServing, kNotServing, kServing}) {
    health_.SetServingStatus("a.A", final_status == kServing);
    for (const std::atomic<int>& each : last) {
      while (each != final_status && std::chrono::steady_clock::now() < end) {
        std::this_thread::yield();
      }
      EXPECT_EQ(each, final_status);
    }
  }
  server_.server().Shutdown(std::chrono::seconds(20));
  for (std::thread& each : threads) each.join();
}

TEST_F(HealthTest, WatchEndsWhenTheServerDrains) {
  Watching watching(*stub_, "");
  EXPECT_EQ(watching.Next(), kServing);
  std::thread shutdown(
      [this] { EXPECT_TRUE(server_.server().Shutdown(std::chrono::seconds(20)).was_graceful); });
  EXPECT_EQ(watching.Finish().error_code(), grpc::UNAVAILABLE);
  shutdown.join();
}

}  // namespace
