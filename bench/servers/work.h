// What does every measured server in C++ do in its handlers? The same, so that only the way there
// and back is compared.
#ifndef WEIR_BENCH_SERVERS_WORK_H_
#define WEIR_BENCH_SERVERS_WORK_H_

#include <string>

#include "bench/streams.pb.h"
#include "examples/greeter/greeter.pb.h"

namespace weir::bench {

inline void Greet(const helloworld::HelloRequest& request, helloworld::HelloReply* reply) {
  // One allocation for a long name, none for a short one.
  std::string* message = reply->mutable_message();
  message->reserve(6 + request.name().size());
  message->append("Hello ");
  message->append(request.name());
}

// The chunk that a download sends again and again.
inline Chunk MakeChunk(const DownloadRequest& request) {
  Chunk chunk;
  chunk.mutable_payload()->assign(request.bytes(), 'x');
  return chunk;
}

inline void Count(const Chunk& chunk, UploadSummary* summary) {
  summary->set_messages(summary->messages() + 1);
  summary->set_bytes(summary->bytes() + chunk.payload().size());
}

}  // namespace weir::bench

#endif  // WEIR_BENCH_SERVERS_WORK_H_
