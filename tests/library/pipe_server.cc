// The service in both styles, as a user would write it: with the published headers only.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "examples/support/flags.h"
#include "tests/library/pipe.weir.h"
#include "weir/weir.h"

namespace {

using namespace std::chrono_literals;
using library::Chunk;
using library::Counters;
using library::CountersRequest;
using library::DownloadRequest;
using library::UploadSummary;

struct SharedCounters {
  std::atomic<int64_t> downloads_cancelled = 0;
  std::atomic<int64_t> pingpongs_running = 0;

  void CopyTo(Counters* counters) const {
    counters->set_downloads_cancelled(downloads_cancelled);
    counters->set_pingpongs_running(pingpongs_running);
  }
};

// Says that a handler runs.
class Running {
 public:
  explicit Running(std::atomic<int64_t>& count) : count_(count) { ++count_; }
  ~Running() { --count_; }

 private:
  std::atomic<int64_t>& count_;
};

weir::Status Failure() { return weir::Status(weir::StatusCode::DATA_LOSS, "as you wished"); }

class BlockingPipe final : public library::Pipe::Service {
 public:
  weir::Status Upload(weir::ServerContext*, weir::ServerReader<Chunk>* reader,
                      UploadSummary* summary) override {
    Chunk chunk;
    while (reader->Read(&chunk)) {
      summary->set_messages(summary->messages() + 1);
      summary->set_bytes(summary->bytes() + static_cast<int64_t>(chunk.data().size()));
      std::this_thread::sleep_for(1ms);
    }
    return weir::Status::OK;
  }

  weir::Status Download(weir::ServerContext* context, const DownloadRequest* request,
                        weir::ServerWriter<Chunk>* writer) override {
    Chunk chunk;
    chunk.set_data(std::string(static_cast<size_t>(request->message_bytes()), 'x'));
    for (int64_t i = 0; request->messages() == 0 || i < request->messages(); ++i) {
      if (writer->Write(chunk)) continue;
      if (context->IsCancelled()) ++counters_.downloads_cancelled;
      return weir::Status::CANCELLED;
    }
    return weir::Status::OK;
  }

  weir::Status PingPong(weir::ServerContext* context,
                        weir::ServerReaderWriter<Chunk, Chunk>* stream) override {
    const Running running(counters_.pingpongs_running);
    context->AddInitialMetadata("greeting", "early");
    stream->SendInitialMetadata();
    Chunk chunk;
    int64_t messages = 0;
    while (stream->Read(&chunk)) {
      ++messages;
      if (!stream->Write(chunk)) return weir::Status::CANCELLED;
      if (chunk.data() == "end" || chunk.data() == "fail") break;
    }
    context->AddTrailingMetadata("messages", std::to_string(messages));
    return chunk.data() == "fail" ? Failure() : weir::Status::OK;
  }

  weir::Status GetCounters(weir::ServerContext*, const CountersRequest*,
                           Counters* counters) override {
    counters_.CopyTo(counters);
    return weir::Status::OK;
  }

 private:
  SharedCounters counters_;
};

class CoroutinePipe final : public library::Pipe::CoroutineService {
 public:
  weir::Task<weir::Status> Upload(weir::ServerContext& context, weir::Reader<Chunk>& reader,
                                  UploadSummary& summary) override {
    Chunk chunk;
    while (co_await reader.Read(&chunk)) {
      summary.set_messages(summary.messages() + 1);
      summary.set_bytes(summary.bytes() + static_cast<int64_t>(chunk.data().size()));
      co_await context.SleepFor(1ms);
    }
    co_return weir::Status::OK;
  }

  weir::Task<weir::Status> Download(weir::ServerContext& context, const DownloadRequest& request,
                                    weir::Writer<Chunk>& writer) override {
    Chunk chunk;
    chunk.set_data(std::string(static_cast<size_t>(request.message_bytes()), 'x'));
    for (int64_t i = 0; request.messages() == 0 || i < request.messages(); ++i) {
      const bool is_sent = co_await writer.Write(chunk);
      if (is_sent) continue;
      if (context.IsCancelled()) ++counters_.downloads_cancelled;
      co_return weir::Status::CANCELLED;
    }
    co_return weir::Status::OK;
  }

  weir::Task<weir::Status> PingPong(weir::ServerContext& context,
                                    weir::ReaderWriter<Chunk, Chunk>& stream) override {
    const Running running(counters_.pingpongs_running);
    context.AddInitialMetadata("greeting", "early");
    stream.SendInitialMetadata();
    Chunk chunk;
    int64_t messages = 0;
    while (co_await stream.Read(&chunk)) {
      ++messages;
      const bool is_sent = co_await stream.Write(chunk);
      if (!is_sent) co_return weir::Status::CANCELLED;
      if (chunk.data() == "end" || chunk.data() == "fail") break;
    }
    context.AddTrailingMetadata("messages", std::to_string(messages));
    co_return chunk.data() == "fail" ? Failure() : weir::Status::OK;
  }

  weir::Task<weir::Status> GetCounters(weir::ServerContext&, const CountersRequest&,
                                       Counters& counters) override {
    counters_.CopyTo(&counters);
    co_return weir::Status::OK;
  }

 private:
  SharedCounters counters_;
};

}  // namespace

int main(int argc, char** argv) {
  weir::StopSignal stop;

  int port = 0;
  std::string style = "blocking";
  examples::Flags flags("Serves library.Pipe.");
  flags.Add("port", &port, "port to listen on; 0 takes a free one", examples::kPortRange);
  flags.AddChoice("style", &style, "of the handlers", {"blocking", "coroutine"});
  flags.ParseOrExit(argc, argv);

  BlockingPipe blocking;
  CoroutinePipe coroutine;
  weir::ServerOptions options;
  // A blocking handler of a stream keeps its thread for as long as the stream is open.
  options.handler_threads = 1100;
  weir::ServerBuilder builder;
  builder.SetOptions(std::move(options));
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), weir::InsecureServerCredentials());
  if (style == "blocking") {
    builder.RegisterService(&blocking);
  } else {
    builder.RegisterService(&coroutine);
  }
  weir::StatusOr<std::unique_ptr<weir::Server>> server = builder.BuildAndStart();
  if (!server.ok()) {
    std::fprintf(stderr, "pipe_server: %s\n", server.status().error_message().c_str());
    return 1;
  }
  std::printf("listening on %s\n", (*server)->addresses().front().c_str());
  std::fflush(stdout);
  stop.Wait();
  (*server)->Shutdown(10s);
  return 0;
}
