// Uses library.Pipe with gRPC C++, and looks at the memory of the server's process meanwhile.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "examples/support/flags.h"
#include "tests/library/pipe.grpc.pb.h"

namespace {

using namespace std::chrono_literals;
using library::Chunk;
using library::upstream::Pipe;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

std::string target;
int server_pid = 0;

// A field of the server's /proc/PID/status, in KiB.
size_t ServerKib(const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(server_pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(field + ":")) continue;
    std::istringstream value(line.substr(field.size() + 1));
    size_t kib = 0;
    value >> kib;
    return kib;
  }
  return 0;
}

// By how much the server's memory has grown at most since this object was made.
class PeakMemory {
 public:
  PeakMemory() : before_(ServerKib("VmRSS")) {
    EXPECT_GT(before_, 0u) << "no process " << server_pid;
    // Sets the mark of the peak back (proc(5), clear_refs).
    std::ofstream mark("/proc/" + std::to_string(server_pid) + "/clear_refs");
    EXPECT_TRUE(mark << "5\n" << std::flush);
  }
  void ExpectFlat() const {
    const size_t peak = ServerKib("VmHWM");
    EXPECT_GE(peak, before_);
    const size_t grown = peak - std::min(peak, before_);
    std::printf("server's memory grew by %zu KiB at most\n", grown);
    // Sanitizers keep freed memory.
    if (!kIsSanitized) {
      EXPECT_LE(grown, kFlatKib);
    }
  }

 private:
  // What may pile up for one stream at either end, many times over, and far less than what passes.
  static constexpr size_t kFlatKib = 8 * 1024;

  const size_t before_;
};

std::unique_ptr<grpc::ClientContext> NewContext() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + 60s);
  return context;
}

std::unique_ptr<Pipe::Stub> NewStub() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  return Pipe::NewStub(
      grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
}

Chunk ChunkOf(std::string data) {
  Chunk chunk;
  chunk.set_data(std::move(data));
  return chunk;
}

std::string ValueOf(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata,
                    const std::string& key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
}

library::Counters GetCounters(Pipe::Stub& stub) {
  library::Counters counters;
  const auto context = NewContext();
  EXPECT_TRUE(stub.GetCounters(context.get(), {}, &counters).ok());
  return counters;
}

TEST(Library, SendsInitialMetadataBeforeAnythingElse) {
  const auto stub = NewStub();
  const auto context = NewContext();
  const auto stream = stub->PingPong(context.get());
  stream->WaitForInitialMetadata();  // nothing has been sent but the headers
  EXPECT_EQ(ValueOf(context->GetServerInitialMetadata(), "greeting"), "early");
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(Library, SendsTrailingMetadataOnSuccessAndOnError) {
  const auto stub = NewStub();
  for (const bool fails : {false, true}) {
    const auto context = NewContext();
    const auto stream = stub->PingPong(context.get());
    EXPECT_TRUE(stream->Write(ChunkOf("one")));
    EXPECT_TRUE(stream->Write(ChunkOf(fails ? "fail" : "two")));
    stream->WritesDone();
    Chunk chunk;
    while (stream->Read(&chunk)) {
    }
    const grpc::Status status = stream->Finish();
    EXPECT_EQ(status.error_code(), fails ? grpc::StatusCode::DATA_LOSS : grpc::StatusCode::OK);
    EXPECT_EQ(ValueOf(context->GetServerTrailingMetadata(), "messages"), "2");
  }
}

TEST(Library, EndsBeforeTheClientHasSaidEverything) {
  const auto stub = NewStub();
  const auto context = NewContext();
  const auto stream = stub->PingPong(context.get());
  EXPECT_TRUE(stream->Write(ChunkOf("end")));
  Chunk chunk;
  EXPECT_TRUE(stream->Read(&chunk));
  EXPECT_FALSE(stream->Read(&chunk));
  EXPECT_TRUE(stream->Finish().ok());  // without WritesDone
}

TEST(Library, StopsAnEndlessStreamThatIsCancelled) {
  const auto stub = NewStub();
  const int64_t before = GetCounters(*stub).downloads_cancelled();
  const auto context = NewContext();
  library::DownloadRequest request;
  request.set_message_bytes(1000);
  const auto reader = stub->Download(context.get(), request);
  Chunk chunk;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(reader->Read(&chunk));
  context->TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  for (int i = 0; i < 1000 && GetCounters(*stub).downloads_cancelled() == before; ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(GetCounters(*stub).downloads_cancelled(), before + 1);
}

TEST(Library, AnswersTenThousandMessagesOneByOne) {
  const auto stub = NewStub();
  const auto context = NewContext();
  const auto stream = stub->PingPong(context.get());
  Chunk chunk;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(stream->Write(ChunkOf(std::to_string(i))));
    ASSERT_TRUE(stream->Read(&chunk));
    ASSERT_EQ(chunk.data(), std::to_string(i));
  }
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&chunk));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(ValueOf(context->GetServerTrailingMetadata(), "messages"), "10000");
}

TEST(Library, ServesAThousandStreamsAtOnce) {
  constexpr int kConnections = 10;
  constexpr int kStreamsOfEach = 100;
  struct OpenStream {
    std::unique_ptr<grpc::ClientContext> context = NewContext();
    std::unique_ptr<grpc::ClientReaderWriter<Chunk, Chunk>> stream;
  };
  std::vector<std::unique_ptr<Pipe::Stub>> stubs;
  std::vector<OpenStream> streams(kConnections * kStreamsOfEach);
  for (int i = 0; i < kConnections; ++i) stubs.push_back(NewStub());
  for (size_t i = 0; i < streams.size(); ++i) {
    streams[i].stream = stubs[i % kConnections]->PingPong(streams[i].context.get());
    ASSERT_TRUE(streams[i].stream->Write(ChunkOf(std::to_string(i))));
  }
  Chunk chunk;
  for (size_t i = 0; i < streams.size(); ++i) {
    ASSERT_TRUE(streams[i].stream->Read(&chunk)) << i;
    ASSERT_EQ(chunk.data(), std::to_string(i));
  }
  EXPECT_EQ(GetCounters(*NewStub()).pingpongs_running(), kConnections * kStreamsOfEach);
  for (OpenStream& each : streams) each.stream->WritesDone();
  for (OpenStream& each : streams) {
    EXPECT_FALSE(each.stream->Read(&chunk));
    EXPECT_TRUE(each.stream->Finish().ok());
  }
}

TEST(Library, TakesAnUploadOf64MibSlowlyWithoutKeepingIt) {
  constexpr int kMessages = 1024;
  constexpr size_t kMessageBytes = 64 * 1024;
  const auto stub = NewStub();
  const auto context = NewContext();
  const PeakMemory memory;
  library::UploadSummary summary;
  const auto writer = stub->Upload(context.get(), &summary);
  const Chunk chunk = ChunkOf(std::string(kMessageBytes, 'x'));
  for (int i = 0; i < kMessages; ++i) ASSERT_TRUE(writer->Write(chunk));
  writer->WritesDone();
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(summary.messages(), kMessages);
  EXPECT_EQ(summary.bytes(), static_cast<int64_t>(kMessages * kMessageBytes));
  memory.ExpectFlat();
}

TEST(Library, GivesADownloadOf1GibToASlowClientWithoutKeepingIt) {
  constexpr int64_t kMessages = 4096;
  constexpr int64_t kMessageBytes = 256 * 1024;
  const auto stub = NewStub();
  const auto context = NewContext();
  const PeakMemory memory;
  library::DownloadRequest request;
  request.set_messages(kMessages);
  request.set_message_bytes(kMessageBytes);
  const auto reader = stub->Download(context.get(), request);
  int64_t bytes = 0;
  int64_t messages = 0;
  for (Chunk chunk; reader->Read(&chunk); ++messages) {
    bytes += static_cast<int64_t>(chunk.data().size());
    std::this_thread::sleep_for(500us);
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(messages, kMessages);
  EXPECT_EQ(bytes, kMessages * kMessageBytes);
  memory.ExpectFlat();
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  examples::Flags flags("Tests a server of library.Pipe.");
  flags.AddRequired("target", &target, "HOST:PORT of the server");
  flags.Add("server_pid", &server_pid, "the server's process, for its memory");
  flags.ParseOrExit(argc, argv);
  return RUN_ALL_TESTS();
}
