#include "bench/load/client_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/clock.h"
#include "bench/load/random.h"

namespace load {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr ClientKind kClients[] = {ClientKind::kMinimal, ClientKind::kGrpcGo, ClientKind::kGrpcJava,
                                   ClientKind::kGrpcCpp};

// nghttp2's decoder, which none of the encoders here was made with.
class Decoder {
 public:
  Decoder() {
    nghttp2_hd_inflater* inflater = nullptr;
    nghttp2_hd_inflate_new(&inflater);
    inflater_.reset(inflater);
  }

  void SetTableSize(uint32_t size) {
    ASSERT_EQ(nghttp2_hd_inflate_change_table_size(inflater_.get(), size), 0);
  }

  // Nothing when the block does not decode.
  std::optional<Fields> Decode(weir::ByteView block) {
    Fields fields;
    for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
      nghttp2_nv field{};
      const ssize_t used =
          nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, block.data(), block.size(), 1);
      if (used < 0) return std::nullopt;
      block = block.subspan(static_cast<size_t>(used));
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0) continue;
      fields.emplace_back(std::string(reinterpret_cast<char*>(field.name), field.namelen),
                          std::string(reinterpret_cast<char*>(field.value), field.valuelen));
    }
    nghttp2_hd_inflate_end_headers(inflater_.get());
    return fields;
  }

 private:
  struct Deleter {
    void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
  };
  std::unique_ptr<nghttp2_hd_inflater, Deleter> inflater_;
};

RequestDescription Describe(ClientKind client) {
  return {.client = client, .path = "/helloworld.Greeter/SayHello", .authority = "127.0.0.1:50051"};
}

RequestDescription DescribeAll(ClientKind client) {
  RequestDescription description = Describe(client);
  description.is_https = true;
  description.gzip = true;
  description.traceparent = true;
  description.timeout = kSecond;
  description.content_length = 12;
  return description;
}

// What a profile means, once the varying fields have their values.
Fields Meaning(const Profile& profile, const ClientHeaders& headers) {
  Fields fields;
  for (const ProfileField& field : profile.fields) {
    std::string value = field.value;
    if (field.name == "grpc-timeout") value = headers.last_timeout();
    if (field.name == "traceparent") value = headers.last_trace();
    fields.emplace_back(field.name, value);
  }
  return fields;
}

void ExpectSameFields(ClientHeaders* headers, const Profile& profile, Decoder* decoder, int block) {
  weir::Buffer out;
  headers->Append(/*age=*/block * kMicrosecond, &out);
  const std::optional<Fields> decoded = decoder->Decode(out.view());
  ASSERT_TRUE(decoded.has_value()) << "block " << block;
  ASSERT_EQ(*decoded, Meaning(profile, *headers)) << "block " << block;
}

TEST(ClientHeaders, DecodeToTheFieldsOfEachClient) {
  for (const ClientKind client : kClients) {
    for (const RequestDescription& description : {Describe(client), DescribeAll(client)}) {
      const Profile profile = MakeProfile(description);
      ClientHeaders headers(&profile, 1);
      Decoder decoder;
      for (int block = 0; block < 500; ++block) {
        ExpectSameFields(&headers, profile, &decoder, block);
      }
    }
  }
}

TEST(ClientHeaders, FollowChangesOfTheTableSize) {
  constexpr uint32_t kSizes[] = {4096, 0, 100, 64, 65536, 300, 1000};
  for (const ClientKind client : kClients) {
    for (const RequestDescription& description : {Describe(client), DescribeAll(client)}) {
      const Profile profile = MakeProfile(description);
      ClientHeaders headers(&profile, 1);
      Decoder decoder;
      Random random(3);
      for (int block = 0; block < 600; ++block) {
        // Now and then one change, or several before the next block.
        for (uint64_t changes = random.Next() % 8; changes > 5; --changes) {
          const uint32_t size = kSizes[random.Next() % std::size(kSizes)];
          headers.SetTableSize(size);
          decoder.SetTableSize(size);
        }
        ExpectSameFields(&headers, profile, &decoder, block);
      }
    }
  }
}

TEST(ClientHeaders, VaryTimeoutAndTraceFromCallToCall) {
  for (const ClientKind client : {ClientKind::kGrpcGo, ClientKind::kGrpcJava}) {
    const Profile profile = MakeProfile(DescribeAll(client));
    ClientHeaders headers(&profile, 1);
    std::set<std::string> timeouts;
    std::set<std::string> traces;
    for (int block = 0; block < 200; ++block) {
      weir::Buffer out;
      headers.Append(0, &out);
      timeouts.emplace(headers.last_timeout());
      traces.emplace(headers.last_trace());
      EXPECT_THAT(std::string(headers.last_trace()),
                  testing::MatchesRegex("00-[0-9a-f]+-[0-9a-f]+-01"));
      EXPECT_EQ(headers.last_trace().size(), 55u);
    }
    EXPECT_GT(timeouts.size(), 80u);  // of some 300 that are possible
    EXPECT_EQ(traces.size(), 200u);
  }
}

TEST(ClientHeaders, OfGrpcCppSendOneTimeoutForAllThatAreNearIt) {
  RequestDescription description = Describe(ClientKind::kGrpcCpp);
  description.timeout = 500 * kMillisecond;
  const Profile profile = MakeProfile(description);
  ClientHeaders headers(&profile, 1);
  weir::Buffer first;
  headers.Append(0, &first);
  EXPECT_EQ(headers.last_timeout(), "500m");
  weir::Buffer near;
  headers.Append(10 * kMillisecond, &near);  // 490 ms are less than 3 % below
  EXPECT_EQ(headers.last_timeout(), "500m");
  weir::Buffer far;
  headers.Append(100 * kMillisecond, &far);
  EXPECT_EQ(headers.last_timeout(), "400m");
  EXPECT_LT(near.size(), far.size());
}

TEST(ClientHeaders, RepeatAConstantBlockVerbatim) {
  for (const ClientKind client : kClients) {
    const Profile profile = MakeProfile(Describe(client));
    ClientHeaders headers(&profile, 1);
    weir::Buffer first;
    headers.Append(0, &first);
    weir::Buffer second;
    headers.Append(0, &second);
    weir::Buffer third;
    headers.Append(0, &third);
    EXPECT_LT(second.size(), first.size());
    EXPECT_EQ(weir::AsText(second.view()), weir::AsText(third.view()));
  }
}

// ---- recorded from real clients ----------------------------------------------------------------

std::string Unhex(std::string_view hex) {
  std::string octets;
  for (size_t i = 0; i < hex.size(); i += 2) {
    octets += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return octets;
}

// Whether a connection of ours begins with the recorded blocks, once it calls the same authority.
void ExpectBlocks(RequestDescription description, const std::vector<std::string>& recorded) {
  Decoder decoder;
  const std::optional<Fields> fields = decoder.Decode(weir::AsBytes(recorded.front()));
  ASSERT_TRUE(fields.has_value());
  for (const auto& [name, value] : *fields) {
    if (name == ":authority") description.authority = value;
  }
  const Profile profile = MakeProfile(description);
  ClientHeaders headers(&profile, 1);
  for (const std::string& block : recorded) {
    weir::Buffer out;
    headers.Append(0, &out);
    EXPECT_EQ(weir::AsText(out.view()), block);
  }
}

TEST(RecordedBlocks, OfH2load) {
  RequestDescription description = Describe(ClientKind::kMinimal);
  description.content_length = 12;
  ExpectBlocks(description,
               {Unhex("04956272d141fc1eca245f15852a4b631b87eb1968a0ff86418b089d5c0b8170dc69c680ff83"
                      "7a8f9c541c722954d3a5358980aed897075f8b1d75d0620d263d4c4d656440027465864d8335"
                      "05b11f0f0d023132"),
                Unhex("04956272d141fc1eca245f15852a4b631b87eb1968a0ff86c183c0bfbe0f0d023132")});
}

TEST(RecordedBlocks, OfGrpcGo) {
  ExpectBlocks(Describe(ClientKind::kGrpcGo),
               {Unhex("838645956272d141fc1eca245f15852a4b631b87eb1968a0ff418b089d5c0b8170dc699642ef"
                      "5f8b1d75d0620d263d4c4d65647a8a9acac8b4c7602bbcdae040027465864d833505b11f"),
                Unhex("8386c2c1c0bfbe")});
}

TEST(RecordedBlocks, OfGrpcCpp) {
  RequestDescription description = Describe(ClientKind::kGrpcCpp);
  description.timeout = 10 * kSecond;
  ExpectBlocks(description,
               {"@\x05:path\x1c/helloworld.Greeter/SayHello@\n:authority\x0f"
                "127.0.0.1:58931\x83\x86@\x0c"
                "content-type\x10"
                "application/grpc@\x02te\x08trailers@\x14grpc-accept-encoding\x17identity, "
                "deflate, gzip@\x0cgrpc-timeout\x03"
                "10S@\nuser-agent-grpc-c++/1.51.1 grpc-c/29.0.0 (linux; chttp2)"});
}

}  // namespace
}  // namespace load
