#include "tests/limits/limit_case.h"

#include <iterator>
#include <string_view>

namespace weir::limits {

Counts CountsOf(const http2::LimitCounters& counters) {
  Counts counts;
  for (size_t i = 1; i < http2::kLimitCount; ++i) {
    const auto limit = static_cast<http2::Limit>(i);
    const uint64_t hits = counters.hits(limit);
    if (hits != 0) counts[std::string(http2::Describe(limit).name)] = hits;
  }
  return counts;
}

std::vector<std::string> Notable(const std::vector<std::string>& heard) {
  constexpr std::string_view kStatus = " grpc-status=";
  std::vector<std::string> notable;
  for (const std::string& line : heard) {
    const bool is_ping = line.starts_with("PING ") && !line.starts_with("PING ack");
    if (is_ping || line.starts_with("RST_STREAM") || line.starts_with("GOAWAY")) {
      notable.push_back(line);
      continue;
    }
    const size_t status = line.find(kStatus);
    if (!line.starts_with("HEADERS ") || status == std::string::npos) continue;
    const std::string code = line.substr(status + kStatus.size());
    if (code.starts_with("0")) continue;
    const std::string id = line.substr(8, line.find(' ', 8) - 8);
    notable.push_back("call " + id + " ends with " + code.substr(0, code.find(' ')));
  }
  return notable;
}

std::string NameOf(const LimitCase& limit_case) {
  const std::string name(http2::Describe(limit_case.limit).name);
  return limit_case.variant.empty() ? name : name + "_" + limit_case.variant;
}

std::vector<LimitCase> AllCases() {
  std::vector<LimitCase> all;
  for (auto* cases : {StreamCases, HeaderCases, ControlFrameCases, FlowCases, LifeCases,
                      WorkerCases, MemoryCases, CallCases, AcceptCases}) {
    std::vector<LimitCase> more = cases();
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace weir::limits
