// What do the example clients share? Deadlines, and lines that show who said what.
#ifndef WEIR_EXAMPLES_CLIENTS_CONVERSATION_H_
#define WEIR_EXAMPLES_CLIENTS_CONVERSATION_H_

#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include <string>
#include <string_view>

namespace conversation {

// What one call needs, with a deadline: a client that waits for ever hides a broken server.
class Context {
 public:
  Context();
  grpc::ClientContext* get() { return &context_; }

 private:
  grpc::ClientContext context_;
};

// One line each on standard output: a call begins, a message left, a message came, the call ended.
void ShowCall(std::string_view method);
void ShowSent(const google::protobuf::Message& message);
void ShowReceived(const google::protobuf::Message& message);
void ShowStatus(const grpc::Status& status);

// "UNAUTHENTICATED"
std::string CodeName(grpc::StatusCode code);

// Passes `is_right` on; says on standard error what was expected if it is false.
bool Expect(bool is_right, std::string_view expectation);

}  // namespace conversation

#endif  // WEIR_EXAMPLES_CLIENTS_CONVERSATION_H_
