// The greeter and the streams on gRPC C++'s callback API, which has only the library's own threads.
#include <cstdint>

#include "bench/peers/grpc_cpp_start.h"
#include "bench/servers/work.h"
#include "bench/streams.grpc.pb.h"
#include "examples/greeter/greeter.grpc.pb.h"

namespace weir::bench {
namespace {

class CallbackGreeter final : public helloworld::upstream::Greeter::CallbackService {
  grpc::ServerUnaryReactor* SayHello(grpc::CallbackServerContext* context,
                                     const helloworld::HelloRequest* request,
                                     helloworld::HelloReply* reply) override {
    Greet(*request, reply);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

// Each of the three deletes itself when its call is over.
class Downloader final : public grpc::ServerWriteReactor<Chunk> {
 public:
  explicit Downloader(const DownloadRequest& request)
      : chunk_(MakeChunk(request)), left_(request.messages()) {
    WriteNext();
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      WriteNext();
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    if (left_ == 0) {
      Finish(grpc::Status::OK);
      return;
    }
    --left_;
    StartWrite(&chunk_);
  }

  const Chunk chunk_;
  uint32_t left_;
};

class Uploader final : public grpc::ServerReadReactor<Chunk> {
 public:
  explicit Uploader(UploadSummary* summary) : summary_(summary) { StartRead(&chunk_); }
  void OnReadDone(bool ok) override {
    if (!ok) {
      Finish(grpc::Status::OK);
      return;
    }
    Count(chunk_, summary_);
    StartRead(&chunk_);
  }
  void OnDone() override { delete this; }

 private:
  UploadSummary* const summary_;
  Chunk chunk_;
};

class Chatter final : public grpc::ServerBidiReactor<Chunk, Chunk> {
 public:
  Chatter() { StartRead(&chunk_); }
  void OnReadDone(bool ok) override {
    if (ok) {
      StartWrite(&chunk_);
    } else {
      Finish(grpc::Status::OK);
    }
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      StartRead(&chunk_);
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

 private:
  Chunk chunk_;
};

class CallbackStreams final : public upstream::Streams::CallbackService {
  grpc::ServerWriteReactor<Chunk>* Download(grpc::CallbackServerContext*,
                                            const DownloadRequest* request) override {
    return new Downloader(*request);
  }
  grpc::ServerReadReactor<Chunk>* Upload(grpc::CallbackServerContext*,
                                         UploadSummary* summary) override {
    return new Uploader(summary);
  }
  grpc::ServerBidiReactor<Chunk, Chunk>* Chat(grpc::CallbackServerContext*) override {
    return new Chatter;
  }
};

}  // namespace

void ServeCallback(const Settings& settings) {
  CallbackGreeter greeter;
  CallbackStreams streams;
  grpc::ServerBuilder builder;
  builder.RegisterService(&greeter);
  builder.RegisterService(&streams);
  StartOrExit(builder, settings)->Wait();
}

}  // namespace weir::bench
