// Does metadata travel unharmed in both directions, and only where it may?
#include <algorithm>
#include <vector>

#include "tests/integration/test_server.h"

namespace integration {
namespace {

using GrpcMetadata = std::multimap<grpc::string_ref, grpc::string_ref>;

// Every byte there is, also the ones that base64 ends with one and two pad characters.
std::string AllBytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i);
  return bytes;
}

std::vector<std::string> ValuesOf(const GrpcMetadata& metadata, const std::string& key) {
  std::vector<std::string> values;
  auto [at, end] = metadata.equal_range(key);
  for (; at != end; ++at) values.emplace_back(at->second.data(), at->second.size());
  return values;
}

std::vector<std::string> ValuesOf(const weir::ClientMetadata& metadata, std::string_view key) {
  std::vector<std::string> values;
  auto [at, end] = metadata.equal_range(key);
  for (; at != end; ++at) values.emplace_back(at->second);
  return values;
}

using Values = std::vector<std::string>;

// Runs the same code in a Unary handler of either style.
class Metadata : public EveryStyleTest {
 protected:
  void InUnary(std::function<weir::Status(weir::ServerContext&)> body) {
    blocking_.unary = [body](weir::ServerContext* context, const EchoRequest*, EchoReply*) {
      return body(*context);
    };
    coroutine_.unary = [body](weir::ServerContext& context, const EchoRequest&,
                              EchoReply&) -> weir::Task<weir::Status> { co_return body(context); };
  }

  grpc::Status Call(grpc::ClientContext& context) {
    EchoReply reply;
    return stub().Unary(&context, EchoRequest(), &reply);
  }
};
INSTANTIATE_FOR_EVERY_STYLE(Metadata);

TEST_P(Metadata, OfTheClientReachesTheHandler) {
  Shared<Values> text, repeated, binary, pads;
  InUnary([&](weir::ServerContext& context) {
    const weir::ClientMetadata& metadata = context.client_metadata();
    text.Set(ValuesOf(metadata, "x-text"));
    repeated.Set(ValuesOf(metadata, "x-repeated"));
    binary.Set(ValuesOf(metadata, "x-data-bin"));
    pads.Set(ValuesOf(metadata, "x-pads-bin"));
    return weir::Status::OK;
  });
  StartServer();
  BoundedContext context;
  context.AddMetadata("x-text", "printable ~ text, with a comma");
  context.AddMetadata("x-repeated", "one");
  context.AddMetadata("x-repeated", "two");
  context.AddMetadata("x-repeated", "three");
  context.AddMetadata("x-data-bin", AllBytes(256));
  for (size_t size : {0, 1, 2, 3}) context.AddMetadata("x-pads-bin", AllBytes(size));
  EXPECT_TRUE(Call(context).ok());
  EXPECT_EQ(text.Get(), Values{"printable ~ text, with a comma"});
  EXPECT_EQ(repeated.Get(), (Values{"one", "two", "three"}));
  EXPECT_EQ(binary.Get(), Values{AllBytes(256)});
  EXPECT_EQ(pads.Get(), (Values{AllBytes(0), AllBytes(1), AllBytes(2), AllBytes(3)}));
}

TEST_P(Metadata, OfTheProtocolIsNotTheHandlers) {
  Shared<Values> seen;
  InUnary([&](weir::ServerContext& context) {
    Values keys;
    for (const auto& [key, value] : context.client_metadata()) keys.emplace_back(key);
    seen.Set(keys);
    return weir::Status::OK;
  });
  StartServer();
  BoundedContext context;
  context.AddMetadata("x-mine", "1");
  EXPECT_TRUE(Call(context).ok());
  const Values keys = seen.Get();
  EXPECT_EQ(std::count(keys.begin(), keys.end(), "x-mine"), 1);
  for (const std::string& key : keys) {
    EXPECT_FALSE(key.starts_with("grpc-")) << key;
    EXPECT_NE(key, "te");
    EXPECT_NE(key, "content-type");
    EXPECT_NE(key, ":path");
  }
}

TEST_P(Metadata, OfTheCallIsKnownToTheHandler) {
  Shared<std::string> method, authority, peer, address;
  InUnary([&](weir::ServerContext& context) {
    method.Set(std::string(context.method()));
    authority.Set(std::string(context.authority()));
    peer.Set(context.peer());
    address.Set(context.peer_info().address);
    return weir::Status::OK;
  });
  StartServer();
  BoundedContext context;
  EXPECT_TRUE(Call(context).ok());
  EXPECT_EQ(method.Get(), "/integration.Echo/Unary");
  EXPECT_EQ(authority.Get(), server().address());
  EXPECT_TRUE(peer.Get().starts_with("ipv4:127.0.0.1:")) << peer.Get();
  EXPECT_EQ(address.Get(), peer.Get());
}

TEST_P(Metadata, OfTheServerArrivesAtBothEnds) {
  InUnary([](weir::ServerContext& context) {
    EXPECT_TRUE(context.AddInitialMetadata("x-first", "early"));
    EXPECT_TRUE(context.AddInitialMetadata("x-first", "again"));
    EXPECT_TRUE(context.AddInitialMetadata("x-first-bin", AllBytes(256)));
    EXPECT_TRUE(context.AddTrailingMetadata("x-last", "late"));
    EXPECT_TRUE(context.AddTrailingMetadata("x-last-bin", AllBytes(255)));
    EXPECT_TRUE(context.AddTrailingMetadata("x-last-bin", AllBytes(0)));
    return weir::Status::OK;
  });
  StartServer();
  BoundedContext context;
  EXPECT_TRUE(Call(context).ok());
  const GrpcMetadata& initial = context.GetServerInitialMetadata();
  const GrpcMetadata& trailing = context.GetServerTrailingMetadata();
  EXPECT_EQ(ValuesOf(initial, "x-first"), (Values{"early", "again"}));
  EXPECT_EQ(ValuesOf(initial, "x-first-bin"), Values{AllBytes(256)});
  EXPECT_EQ(ValuesOf(initial, "x-last"), Values{});
  EXPECT_EQ(ValuesOf(trailing, "x-last"), Values{"late"});
  EXPECT_EQ(ValuesOf(trailing, "x-last-bin"), (Values{AllBytes(255), AllBytes(0)}));
  EXPECT_EQ(ValuesOf(trailing, "x-first"), Values{});
}

TEST_P(Metadata, ArrivesWithAFailureToo) {
  InUnary([](weir::ServerContext& context) {
    EXPECT_TRUE(context.AddInitialMetadata("x-first", "early"));
    EXPECT_TRUE(context.AddTrailingMetadata("x-last", "late"));
    EXPECT_TRUE(context.AddTrailingMetadata("x-last-bin", AllBytes(256)));
    return weir::Status(weir::StatusCode::ABORTED, "no");
  });
  StartServer();
  BoundedContext context;
  EXPECT_EQ(Call(context).error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(ValuesOf(context.GetServerInitialMetadata(), "x-first"), Values{"early"});
  EXPECT_EQ(ValuesOf(context.GetServerTrailingMetadata(), "x-last"), Values{"late"});
  EXPECT_EQ(ValuesOf(context.GetServerTrailingMetadata(), "x-last-bin"), Values{AllBytes(256)});
}

TEST_P(Metadata, OfOneCallDoesNotLeakIntoTheNext) {
  std::atomic<int> calls = 0;
  InUnary([&](weir::ServerContext& context) {
    if (calls++ == 0) {
      EXPECT_TRUE(context.AddInitialMetadata("x-first", "1"));
      EXPECT_TRUE(context.AddTrailingMetadata("x-last", "1"));
    } else {
      EXPECT_EQ(context.client_metadata().count("x-mine"), 0u);
    }
    return weir::Status::OK;
  });
  StartServer();
  BoundedContext first;
  first.AddMetadata("x-mine", "1");
  EXPECT_TRUE(Call(first).ok());
  BoundedContext second;
  EXPECT_TRUE(Call(second).ok());
  EXPECT_EQ(second.GetServerInitialMetadata().count("x-first"), 0u);
  EXPECT_EQ(second.GetServerTrailingMetadata().count("x-last"), 0u);
}

TEST_P(Metadata, ThatIsInvalidIsRefusedAndTheCallGoesOn) {
  Shared<Values> accepted_by_mistake;
  InUnary([&](weir::ServerContext& context) {
    Values accepted;
    const std::pair<const char*, const char*> invalid[] = {
        {"X-Upper", "1"},   {"x space", "1"},         {"", "1"},
        {":path", "1"},     {"grpc-status", "0"},     {"grpc-encoding", "1"},
        {"x-line", "a\nb"}, {"x-bell", "\a"},         {"content-type", "x"},
        {"te", "trailers"}, {"x-umlaut", "\xc3\xa4"},
    };
    for (const auto& [key, value] : invalid) {
      if (context.AddInitialMetadata(key, value)) accepted.push_back(std::string("initial ") + key);
      if (context.AddTrailingMetadata(key, value)) {
        accepted.push_back(std::string("trailing ") + key);
      }
    }
    accepted_by_mistake.Set(accepted);
    return weir::Status::OK;
  });
  weir::ServerOptions options = TestServer::DefaultOptions();
  std::atomic<int> lines = 0;
  options.log_sink = [&lines](weir::LogSeverity, std::string_view) { ++lines; };
  StartServer(options);
  BoundedContext context;
  const grpc::Status status = Call(context);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(accepted_by_mistake.Get(), Values{});
  EXPECT_GT(lines, 0);
}

TEST_P(Metadata, AboveTheLimitIsRefusedAndTheConnectionGoesOn) {
  StartServer();
  for (size_t size : {size_t{20'000}, size_t{15'000}}) {
    BoundedContext context;
    context.AddMetadata("x-large", std::string(size, 'x'));
    const grpc::Status status = Call(context);
    EXPECT_EQ(status.error_code(),
              size > 16'384 ? grpc::StatusCode::RESOURCE_EXHAUSTED : grpc::StatusCode::OK)
        << size << ": " << status.error_message();
  }
  BoundedContext many;
  for (int i = 0; i < 200; ++i) many.AddMetadata("k" + std::to_string(i), "v");
  EXPECT_EQ(Call(many).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(CallUnary(stub(), "still good").ok());
}

// ---- early initial metadata --------------------------------------------------------------------

TEST_P(Metadata, OfTheBeginningCanBeSentBeforeAnyMessage) {
  Notification client_has_it;
  blocking_.chat = [&](weir::ServerContext* context, auto* stream) {
    EXPECT_TRUE(context->AddInitialMetadata("x-first", "early"));
    stream->SendInitialMetadata();
    EXPECT_FALSE(context->AddInitialMetadata("x-second", "too late"));
    EXPECT_TRUE(client_has_it.Wait());
    return weir::Status::OK;
  };
  coroutine_.chat = [&](weir::ServerContext& context, auto& stream) -> weir::Task<weir::Status> {
    EXPECT_TRUE(context.AddInitialMetadata("x-first", "early"));
    stream.SendInitialMetadata();
    EXPECT_FALSE(context.AddInitialMetadata("x-second", "too late"));
    EchoRequest request;
    EXPECT_TRUE(co_await stream.Read(&request));  // Which the client sends when it has it.
    co_return weir::Status::OK;
  };
  weir::ServerOptions options = TestServer::DefaultOptions();
  options.log_sink = [](weir::LogSeverity, std::string_view) {};
  StartServer(options);
  BoundedContext context;
  auto stream = stub().Chat(&context);
  stream->WaitForInitialMetadata();
  EXPECT_EQ(ValuesOf(context.GetServerInitialMetadata(), "x-first"), Values{"early"});
  client_has_it.Notify();
  if (is_coroutine()) {
    EXPECT_TRUE(stream->Write(EchoRequest()));
  }
  EchoReply reply;
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(context.GetServerInitialMetadata().count("x-second"), 0u);
}

}  // namespace
}  // namespace integration
