// Family 5: requests that HTTP/2 allows and gRPC has to make up its mind about (A56-A62).
#include <vector>

#include "tests/hostile/attack.h"
#include "tests/hostile/scenario.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

// A request of grpc.testing.TestService/EmptyCall with one field replaced, or more fields added.
struct RequestRow {
  const char* id;
  const char* variant;
  std::string title;
  const char* cve;
  std::string path = std::string(kEmptyCall);
  Fields changes = {};  // of fields that are there; an empty name in front removes the field
  Fields more = {};
  std::vector<Outcome> expected = {};
  bool is_twin = false;
};

constexpr char kAbsent[] = "\1absent";

std::string BlockOf(const RequestRow& row) {
  Fields fields;
  for (auto [name, value] : RequestFields(row.path)) {
    for (const auto& [changed, text] : row.changes) {
      if (changed == name) value = text;
    }
    if (value != kAbsent) fields.emplace_back(name, value);
  }
  // Pseudo fields stay in front of the others.
  for (const auto& field : row.more) {
    fields.insert(field.first.starts_with(':') ? fields.begin() + 1 : fields.end(), field);
  }
  return LiteralBlock(fields);
}

std::vector<RequestRow> PathRows() {
  const std::vector<Outcome> unknown = {Status(12)};
  const std::vector<Outcome> unknown_or_malformed = {Status(12), Resets(kProtocolError)};
  const char* const cve = "CVE-2026-33186";
  const std::string service = "/grpc.testing.TestService";
  return {
      {"A56",
       "a",
       "a path without a slash in front",
       cve,
       std::string(kEmptyCall).substr(1),
       {},
       {},
       unknown_or_malformed},
      {"A56", "b", "an empty path", cve, "", {}, {}, unknown_or_malformed},
      {"A56", "c", "the path /", cve, "/", {}, {}, unknown},
      {"A56", "d", "two slashes in front", cve, "/" + std::string(kEmptyCall), {}, {}, unknown},
      {"A56", "e", "a service without a method", cve, service, {}, {}, unknown},
      {"A56", "f", "an empty method", cve, service + "/", {}, {}, unknown},
      {"A56",
       "g",
       "a slash behind the method",
       cve,
       std::string(kEmptyCall) + "/",
       {},
       {},
       unknown},
      {"A56",
       "h",
       "a query behind the method",
       cve,
       std::string(kEmptyCall) + "?x",
       {},
       {},
       unknown},
      {"A56", "i", "the path *", cve, "*", {}, {}, unknown_or_malformed},
      {"A56", "j", "another case", cve, "/grpc.testing.testservice/emptycall", {}, {}, unknown},
      {"A56", "k", "a percent code in the method", cve, service + "/Empty%43all", {}, {}, unknown},
      {"A56",
       "l",
       "OPTIONS *",
       cve,
       "*",
       {{":method", "OPTIONS"}},
       {},
       {Status(13), Status(12), HttpStatus(405), Resets(kProtocolError)}},
  };
}

std::vector<RequestRow> AuthorityRows() {
  const std::string path(kEmptyCall);
  const char* const cve = "CVE-2026-84445";
  const std::vector<Outcome> refused = {Status(13), HttpStatus(400), Resets(kProtocolError)};
  // RFC 9113 §8.3.1 lets a server be strict with a difference; gRFC A41 drops `host`.
  const std::vector<Outcome> either = {Status(0), Status(13), HttpStatus(400),
                                       Resets(kProtocolError)};
  return {
      {"A57", "a", "neither :authority nor host", cve, path, {{":authority", kAbsent}}, {}, either},
      {"A57", "b", "an empty :authority", cve, path, {{":authority", ""}}, {}, either},
      {"A57",
       "c",
       "two :authority",
       cve,
       path,
       {},
       {{":authority", "other"}},
       {Resets(kProtocolError)}},
      {"A57",
       "d",
       "two host",
       cve,
       path,
       {{":authority", kAbsent}},
       {{"host", "one"}, {"host", "two"}},
       refused},
      {"A57", "e", "host that differs from :authority", cve, path, {}, {{"host", "other"}}, either},
      {"A57",
       "f",
       "userinfo in :authority",
       cve,
       path,
       {{":authority", "user@localhost"}},
       {},
       {Resets(kProtocolError)}},
      {"A58",
       "a",
       "te: gzip",
       "CVE-2023-1428",
       path,
       {{"te", "gzip"}},
       {},
       {Resets(kProtocolError)}},
      {"A58", "b", ":scheme x", "CVE-2023-1428", path, {{":scheme", "x"}}, {}, {Anything()}},
      {"A58",
       "c",
       "12 KiB of metadata with all of that",
       "CVE-2023-1428",
       path,
       {{"te", "x"}, {":scheme", "x"}},
       {{"grpclb_client_stats", "x"}, {"x-large", std::string(12000, 'x')}},
       {Anything()}},
      {"A58",
       "d",
       "grpclb_client_stats",
       "CVE-2023-1428",
       path,
       {},
       {{"grpclb_client_stats", "x"}},
       {Status(0)}},
      {"A58", "e", "te is missing", "", path, {{"te", kAbsent}}, {}, {Status(0), Status(13)}},
  };
}

std::vector<RequestRow> MetadataRows() {
  const std::string path(kEmptyCall);
  const char* const cve = "CVE-2023-32732";
  // gRFC and implementations agree on the stream being the only victim.
  const std::vector<Outcome> refused = {Status(13), HttpStatus(400)};
  const std::vector<Outcome> fine = {Status(0)};
  const std::vector<Outcome> malformed = {Resets(kProtocolError)};
  const auto with = [&](const char* id, const char* variant, const char* title, const char* of,
                        Fields more, std::vector<Outcome> expected, bool is_twin = false) {
    return RequestRow{id,     variant, title, of, path, {}, std::move(more), std::move(expected),
                      is_twin};
  };
  return {
      with("A59", "a", "-bin that is no base64", cve, {{"x-bin", "***"}}, refused),
      with("A59", "b", "-bin with padding", cve, {{"x-bin", "YQ=="}}, fine, true),
      with("A59", "c", "-bin without padding", cve, {{"x-bin", "YQ"}}, fine, true),
      with("A59", "d", "-bin as a list", cve, {{"x-bin", "YQ==,Yg"}}, fine, true),
      with("A59", "e", "-bin in the alphabet of URLs", cve, {{"x-bin", "-_-_"}}, refused),
      with("A59", "f", "-bin of 5 letters", cve, {{"x-bin", "YWFhY"}}, refused),
      with("A61", "a", "reserved grpc- metadata", "", {{"grpc-status", "0"}, {"grpc-foo", "x"}},
           fine),
      with("A61", "b", "a content-length that is right", "", {{"content-length", "5"}}, fine, true),
      with("A61", "c", "a content-length that is wrong", "", {{"content-length", "6"}}, malformed),
      with("A61", "d", "a content-length that is no number", "", {{"content-length", "5x"}},
           malformed),
      with("A61", "e", "connection", "", {{"connection", "close"}}, malformed),
      with("A61", "f", "transfer-encoding", "", {{"transfer-encoding", "chunked"}}, malformed),
      with("A61", "g", "te twice", "", {{"te", "trailers"}}, {Status(0), Resets(kProtocolError)}),
      with("A61", "h", "100 values of a key", "", Fields(100, {"x-many", "v"}), fine, true),
      with("A61", "i", "1,000 values of a key", "", Fields(1000, {"x-many", "v"}),
           {GoesAway(kEnhanceYourCalm)}),
      with("A61", "j", "content-type twice", "", {{"content-type", "application/grpc"}},
           {Anything()}),
  };
}

std::vector<RequestRow> TimeoutRows() {
  struct Vector {
    const char* text;
    std::vector<Outcome> expected;
  };
  const std::vector<Outcome> malformed = {Status(13), HttpStatus(400)};
  const std::vector<Vector> vectors = {
      {"", malformed},
      {"1", malformed},
      {"S", malformed},
      {"-1S", malformed},
      {"+1S", malformed},
      {"1.5S", malformed},
      {"1 S", malformed},
      {" 1S", {Resets(kProtocolError)}},
      {"123456789S", malformed},
      {"1s", malformed},
      {"99999999H", {Status(0)}},
      {"0n", {Status(4)}},
      {"00000005S", {Status(0)}},
  };
  std::vector<RequestRow> rows;
  for (size_t i = 0; i < vectors.size(); ++i) {
    static const char* const kLetters[] = {"a", "b", "c", "d", "e", "f", "g",
                                           "h", "i", "j", "k", "l", "m"};
    rows.push_back({"A60",
                    kLetters[i],
                    "grpc-timeout \"" + std::string(vectors[i].text) + "\"",
                    "",
                    std::string(kEmptyCall),
                    {},
                    {{"grpc-timeout", vectors[i].text}},
                    vectors[i].expected});
  }
  rows.push_back({"A60",
                  "n",
                  "two grpc-timeout",
                  "",
                  std::string(kEmptyCall),
                  {},
                  {{"grpc-timeout", "1S"}, {"grpc-timeout", "2S"}},
                  {Status(13), HttpStatus(400), Status(0)}});
  return rows;
}

// ---- A62

bool IsEncoded(std::string_view message) {
  for (char each : message) {
    const auto octet = static_cast<unsigned char>(each);
    if (octet < 0x20 || octet > 0x7e) return false;
  }
  return true;
}

// `header_list_max` is what the client announces; 0 announces nothing.
Outcome InjectStatus(Attack& attack, std::string_view message, uint32_t header_list_max) {
  const std::unique_ptr<Peer> peer = header_list_max == 0
                                         ? attack.Open()
                                         : attack.Open({}, {{kMaxHeaderListSize, header_list_max}});
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(kUnaryCall), false));
  peer->SendData(stream, StatusRequest(3, message), true);
  const Outcome outcome = HowStreamEnded(*peer, stream);
  const Answer* const answer = peer->inbox().Find(stream);
  if (answer != nullptr && !IsEncoded(ValueOf(answer->trailers, "grpc-message"))) {
    return Wrong("grpc-message is not percent-encoded");
  }
  return outcome;
}

}  // namespace

void AddGrpcSemantics(Scenarios* rows) {
  const auto add = [rows](Scenario row) { rows->push_back(std::move(row)); };
  for (const auto& table : {PathRows(), AuthorityRows(), MetadataRows(), TimeoutRows()}) {
    for (const RequestRow& each : table) {
      add({.id = each.id,
           .variant = each.variant,
           .title = each.title,
           .cve = each.cve,
           .expected = each.expected,
           .rounds = 2,
           .is_twin = each.is_twin,
           .run = [block = BlockOf(each)](Attack& attack) { return Call(attack, block); }});
    }
  }
  constexpr uint32_t kNoLimit = 0;
  const auto add_message = [&](const char* variant, const char* title, std::string message,
                               uint32_t list_max, std::vector<Outcome> expected) {
    add({.id = "A62",
         .variant = variant,
         .title = title,
         .expected = std::move(expected),
         .memory_max = kPayload,
         .rounds = 2,
         .run = [=](Attack& attack) { return InjectStatus(attack, message, list_max); }});
  };
  add_message("a", "a status message with CR and LF", "x\r\ngrpc-status: 0\r\n", kNoLimit,
              {Status(3)});
  add_message("b", "a status message in UTF-8", "\xc3\xa4\xe2\x82\xac", kNoLimit, {Status(3)});
  add_message("c", "a status message of 1 MiB", std::string(1 << 20, 'm'), kNoLimit,
              {Status(3), Resets(kInternalError)});
  add_message("d", "a status message above the client's limit", std::string(100'000, 'm'), 4096,
              {Status(3), Resets(kInternalError)});
}

}  // namespace hostile
