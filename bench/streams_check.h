// Do the streams of a server carry what they should? Asked before they are measured.
#ifndef WEIR_BENCH_STREAMS_CHECK_H_
#define WEIR_BENCH_STREAMS_CHECK_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

namespace weir::bench {

// Makes one call of each shape and compares every message. Returns what is wrong, in one sentence;
// empty when nothing is.
std::string CheckStreams(const std::shared_ptr<grpc::Channel>& channel);

}  // namespace weir::bench

#endif  // WEIR_BENCH_STREAMS_CHECK_H_
