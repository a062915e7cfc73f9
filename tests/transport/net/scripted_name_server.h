// A DNS server that gives every question the same answer.
#ifndef WEIR_TESTS_TRANSPORT_NET_SCRIPTED_NAME_SERVER_H_
#define WEIR_TESTS_TRANSPORT_NET_SCRIPTED_NAME_SERVER_H_

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "transport/net/unique_fd.h"

namespace weir::net {

// Answers on a UDP port of 127.0.0.1, on a thread of its own, until destroyed.
class ScriptedNameServer {
 public:
  struct Script {
    bool answers = true;
    uint8_t response_code = 0;  // RFC 1035 §4.1.1: 2 server failure, 3 no such name, 5 refused
    std::vector<std::string> addresses = {};  // numeric; those that fit the type of the question
  };

  explicit ScriptedNameServer(Script script);
  ~ScriptedNameServer();
  ScriptedNameServer(const ScriptedNameServer&) = delete;
  ScriptedNameServer& operator=(const ScriptedNameServer&) = delete;

  // "127.0.0.1:port", for ResolveOptions.
  const std::string& address() const { return address_; }

 private:
  void Serve();
  // Empty when `question` is not one.
  std::string AnswerTo(std::string question) const;

  const Script script_;
  UniqueFd fd_;
  std::string address_;
  std::thread thread_;
};

}  // namespace weir::net

#endif  // WEIR_TESTS_TRANSPORT_NET_SCRIPTED_NAME_SERVER_H_
