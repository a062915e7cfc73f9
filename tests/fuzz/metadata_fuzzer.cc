// The small languages of gRPC: percent-encoding, base64, timeouts, metadata, heads of requests and
// of responses.
//
// Property: encoding and decoding are each other's reverse; what is sent may be sent; what is read
// has the range that its header promises, by rules that are written down here a second time; and a
// response fits what the peer takes.
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/targets.h"
#include "transport/grpc/base64.h"
#include "transport/grpc/field_list.h"
#include "transport/grpc/metadata.h"
#include "transport/grpc/percent_encoding.h"
#include "transport/grpc/rejection.h"
#include "transport/grpc/request_head.h"
#include "transport/grpc/response_head.h"
#include "transport/grpc/timeout.h"
#include "transport/http2/field_section_builder.h"

namespace weir::fuzz {
namespace {

using grpc::FieldList;
using grpc::Metadata;
using http2::FieldSectionPtr;

const uint8_t* OctetsOf(std::string_view text) { return AsBytes(text).data(); }

// RFC 9113 §8.2.1, and RFC 9110 §5.5 where it is stricter: what we send holds to both.
bool MayBeSent(std::string_view name, std::string_view value) {
  return (name == ":status" || nghttp2_check_header_name(OctetsOf(name), name.size()) != 0) &&
         nghttp2_check_header_value_rfc9113(OctetsOf(value), value.size()) != 0;
}

// ---- Percent-encoding.

// Decodes by the definition of UTF-8 (RFC 3629 §3): shortest form, no surrogate, up to U+10FFFF.
bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const auto lead = static_cast<uint8_t>(text[0]);
    const size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : 4;
    if ((lead >= 0x80 && lead < 0xc0) || lead >= 0xf8 || text.size() < size) return false;
    uint32_t point = size == 1 ? lead : lead & (0x7fu >> size);
    for (size_t i = 1; i < size; ++i) {
      if ((text[i] & 0xc0) != 0x80) return false;
      point = point << 6 | (text[i] & 0x3f);
    }
    constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[size] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
      return false;
    }
    text.remove_prefix(size);
  }
  return true;
}

void FuzzPercentEncoding(ByteSource& program) {
  const size_t room = program.Number();
  const std::string text(AsText(program.TakeRest()));
  std::string encoded = "front";
  grpc::AppendPercentEncoded(text, &encoded);
  FUZZ_CHECK(encoded.starts_with("front"), "what was there before");
  encoded.erase(0, 5);
  FUZZ_CHECK(MayBeSent("grpc-message", encoded), "a message that may be sent: '%s'",
             encoded.c_str());
  const std::string decoded = grpc::PercentDecode(encoded);
  FUZZ_CHECK(IsUtf8(decoded), "UTF-8");
  FUZZ_CHECK(!IsUtf8(text) || decoded == text, "the message, back again");
  std::string again;
  grpc::AppendPercentEncoded(decoded, &again);
  FUZZ_CHECK(again == encoded, "the same encoding of the same text");
  FUZZ_CHECK(grpc::IsPercentEncodingIdentity(text) == (encoded == text), "identity");

  std::string prefix;
  const bool is_whole = grpc::AppendPercentEncodedPrefix(text, room, &prefix);
  FUZZ_CHECK(prefix.size() <= room && encoded.starts_with(prefix), "a prefix of %zu octets", room);
  FUZZ_CHECK(is_whole == (encoded.size() <= room) && (!is_whole || prefix == encoded),
             "the whole where it fits");
  FUZZ_CHECK(IsUtf8(grpc::PercentDecode(prefix)), "no part of a character");
  FUZZ_CHECK(MayBeSent("grpc-message", prefix), "a prefix that may be sent");
  // What others encoded.
  FUZZ_CHECK(grpc::PercentDecode(text).size() <= text.size(), "decoding makes nothing longer");
}

// ---- Base64.

void FuzzBase64(ByteSource& program) {
  const std::string text(AsText(program.TakeRest()));
  const std::string encoded = grpc::Base64Encode(text);
  FUZZ_CHECK(encoded.size() == grpc::Base64EncodedSize(text.size()), "the size announced");
  const std::string padding((4 - encoded.size() % 4) % 4, '=');
  std::string decoded;
  FUZZ_CHECK(grpc::Base64Decode(encoded, &decoded) && decoded == text, "back again");
  FUZZ_CHECK(grpc::Base64Decode(encoded + padding, &decoded) && decoded == text, "with padding");
  FUZZ_CHECK(!grpc::Base64Decode(encoded + padding + '=', &decoded), "not with more padding");

  const bool is_base64 = grpc::Base64Decode(text, &decoded);
  FUZZ_CHECK(is_base64 == grpc::IsBase64(text), "one answer");
  if (!is_base64) return;
  const std::string spelling = grpc::Base64Encode(decoded);
  FUZZ_CHECK(text == spelling || text == spelling + std::string((4 - spelling.size() % 4) % 4, '='),
             "one spelling for one value");
}

// ---- Timeouts.

std::optional<Duration> ReferenceTimeout(std::string_view text) {
  constexpr std::string_view kUnits = "numSMH";
  constexpr std::array<int64_t, 6> kNanoseconds = {
      1, 1000, 1000000, 1000000000, 60 * int64_t{1000000000}, 3600 * int64_t{1000000000}};
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  const size_t unit = kUnits.find(text.back());
  const std::string_view digits = text.substr(0, text.size() - 1);
  if (unit == std::string_view::npos ||
      digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  __extension__ __int128 value = std::stoll(std::string(digits));
  value *= kNanoseconds[unit];
  if (value > Duration::max().count()) return Duration::max();
  return Duration(static_cast<int64_t>(value));
}

void FuzzTimeout(ByteSource& program) {
  const std::string text(AsText(program.TakeRest()));
  const std::optional<Duration> timeout = grpc::ParseTimeout(text);
  FUZZ_CHECK(timeout == ReferenceTimeout(text), "the timeout of '%s'", text.c_str());
}

// ---- Field sections.

constexpr std::array<std::string_view, 25> kNames = {"content-type",
                                                     "grpc-timeout",
                                                     "grpc-encoding",
                                                     "grpc-accept-encoding",
                                                     "host",
                                                     "te",
                                                     "user-agent",
                                                     "x-bin",
                                                     "x",
                                                     "grpc-trace-bin",
                                                     "grpc-internal",
                                                     "content-length",
                                                     ":method",
                                                     ":scheme",
                                                     ":path",
                                                     ":authority",
                                                     "a_b.c-d",
                                                     "grpc-tags-bin",
                                                     "-bin",
                                                     "cookie",
                                                     "grpc-status",
                                                     "grpc-message",
                                                     "connection",
                                                     "grpc-retry-pushback-ms",
                                                     "grpc-status-details-bin"};
constexpr std::array<std::string_view, 20> kValues = {"application/grpc",
                                                      "application/grpc+proto",
                                                      "application/grpc;a=b",
                                                      "Application/gRPC + x",
                                                      "1S",
                                                      "0n",
                                                      "99999999H",
                                                      "gzip",
                                                      "identity, gzip",
                                                      "localhost:1",
                                                      "trailers",
                                                      "AA==,AQ, Ag",
                                                      "AB",
                                                      "/S/M",
                                                      "/a.b/S/M",
                                                      "/S/M?x",
                                                      "//",
                                                      "POST",
                                                      "http",
                                                      ""};

std::string ReadText(ByteSource& program, std::string_view usual) {
  const uint8_t how = program.Octet();
  return how < 192 ? std::string(usual) : std::string(AsText(program.Take(how - 192u)));
}

// Nothing when the engine would not let such a section through.
FieldSectionPtr ReadSection(ByteSource& program, http2::SectionKind kind) {
  http2::ConnectionOptions options;
  http2::FieldSectionBuilder builder(kind, options);
  const uint8_t shape = program.Octet();
  if (kind == http2::SectionKind::kRequest) {
    if ((shape & 0x80) == 0) builder.OnField(":method", "POST");
    if ((shape & 0x40) == 0) builder.OnField(":scheme", "http");
    if ((shape & 0x20) == 0) builder.OnField(":path", "/S/M");
    if ((shape & 0x10) == 0) builder.OnField("content-type", "application/grpc");
  }
  for (int i = shape & 15; i > 0; --i) {
    const std::string name = ReadText(program, kNames[program.Below(kNames.size())]);
    builder.OnField(name, ReadText(program, kValues[program.Below(kValues.size())]));
  }
  FieldSectionPtr section;
  if (builder.Finish(&section) != http2::Violation::kNone) section.reset();
  return section;
}

void FuzzRequestHead(ByteSource& program) {
  const FieldSectionPtr section = ReadSection(program, http2::SectionKind::kRequest);
  if (!section) return;
  const grpc::RequestHead& head = grpc::ParseRequestHead(*section);
  FUZZ_CHECK(&grpc::ParseRequestHead(*section) == &head, "parsed once");
  FUZZ_CHECK(head.path == section->path(), "the path, as received");
  const grpc::Rejection& rejection = head.rejection;
  if (rejection.is_rejected()) {
    constexpr std::array<int, 4> kStatuses = {200, 400, 405, 415};
    FUZZ_CHECK(rejection.code != grpc::StatusCode::kOk && !rejection.message.empty(), "a reason");
    FUZZ_CHECK(std::count(kStatuses.begin(), kStatuses.end(), rejection.http_status) == 1,
               "an HTTP status, not %d", rejection.http_status);
    FieldList fields;
    grpc::BuildRejection(rejection, "identity", grpc::kNoHeaderListLimit, &fields);
    for (const http2::OutputField& field : fields.fields()) {
      FUZZ_CHECK(MayBeSent(field.name, field.value), "an answer that may be sent");
    }
    return;
  }
  FUZZ_CHECK(section->method() == "POST" && !head.service.empty() && !head.method.empty(),
             "a call");
  FUZZ_CHECK("/" + std::string(head.service) + "/" + std::string(head.method) == head.path,
             "service and method of '%s'", std::string(head.path).c_str());
  FUZZ_CHECK(head.method.find('/') == std::string_view::npos, "one method");
  FUZZ_CHECK(head.path.find("//") == std::string_view::npos &&
                 head.path.find_first_of("?#") == std::string_view::npos,
             "no spelling that others could read otherwise: '%s'", std::string(head.path).c_str());
  FUZZ_CHECK(!head.timeout || *head.timeout > Duration(0), "a deadline to come");
  Metadata metadata;
  FUZZ_CHECK(grpc::DecodeMetadata(*section, &metadata), "metadata that was found to be good");
  const bool has_more = std::any_of(metadata.begin(), metadata.end(), [](const auto& entry) {
    return entry.key != ":authority" && entry.key != "user-agent";
  });
  FUZZ_CHECK(head.has_user_metadata == has_more, "metadata of the user: %d", has_more);
  FUZZ_CHECK((head.authority.empty() ? metadata.Find(":authority") == nullptr
                                     : *metadata.Find(":authority") == head.authority),
             "the authority");
}

// ---- What an application sets.

Metadata ReadMetadata(ByteSource& program) {
  Metadata metadata;
  for (size_t i = program.Below(8); i > 0; --i) {
    const std::string key = ReadText(program, kNames[program.Below(kNames.size())]);
    metadata.Add(key, ReadText(program, kValues[program.Below(kValues.size())]));
  }
  return metadata;
}

void FuzzMetadataRoundTrip(ByteSource& program) {
  const Metadata metadata = ReadMetadata(program);
  FieldList fields;
  const size_t left_out = grpc::AppendMetadataFields(metadata, &fields);
  FUZZ_CHECK(fields.fields().size() + left_out == metadata.size(), "all, or left out");
  size_t size = 0;
  Metadata expected;
  for (const Metadata::Entry& entry : metadata) {
    const size_t field_size = grpc::MetadataFieldSize(entry);
    size += field_size;
    // What the receiver sees of it: a few names have a meaning only in one direction.
    if (field_size != 0 && grpc::IsVisibleRequestField(entry.key)) {
      expected.Add(entry.key, entry.value);
    }
  }
  FUZZ_CHECK(size == fields.list_size(), "the sizes announced");

  http2::ConnectionOptions options;
  http2::FieldSectionBuilder builder(http2::SectionKind::kTrailers, options);
  for (const http2::OutputField& field : fields.fields()) {
    FUZZ_CHECK(MayBeSent(field.name, field.value), "a field that may be sent: '%s'",
               std::string(field.name).c_str());
    builder.OnField(field.name, field.value);
  }
  FieldSectionPtr section;
  FUZZ_CHECK(builder.Finish(&section) == http2::Violation::kNone, "a section that we would take");
  Metadata back;
  FUZZ_CHECK(grpc::DecodeMetadata(*section, &back) && back == expected, "what was sent");
}

void FuzzResponseHead(ByteSource& program) {
  const uint8_t how = program.Octet();
  const size_t limit = (how & 1) != 0 ? program.Number() : grpc::kNoHeaderListLimit;
  const std::string message = ReadText(program, "text");
  const std::string details = ReadText(program, "");
  const Metadata metadata = ReadMetadata(program);
  const grpc::ResponseStatus status = {.code = static_cast<grpc::StatusCode>(program.Below(20)),
                                       .message = message,
                                       .details = details,
                                       .metadata = (how & 2) != 0 ? &metadata : nullptr};
  FieldList fields;
  const bool is_whole = (how & 4) != 0 ? grpc::BuildTrailersOnly({}, status, limit, &fields)
                                       : grpc::BuildTrailers(status, limit, &fields);
  std::string sent_message;
  size_t statuses = 0;
  for (const http2::OutputField& field : fields.fields()) {
    FUZZ_CHECK(MayBeSent(field.name, field.value), "a field that may be sent: '%s'",
               std::string(field.name).c_str());
    if (field.name == "grpc-message") sent_message = field.value;
    if (field.name == "grpc-status") ++statuses;
  }
  FUZZ_CHECK(statuses == 1, "one status, not %zu", statuses);
  std::string whole_message;
  grpc::AppendPercentEncoded(message, &whole_message);
  FUZZ_CHECK(whole_message.starts_with(sent_message), "the message, or its beginning");
  FUZZ_CHECK(!is_whole || sent_message == whole_message, "the whole message");
  // The fields that no response can do without, and their overhead.
  constexpr size_t kLeast = 200;
  FUZZ_CHECK(fields.list_size() <= std::max(limit, kLeast), "%zu octets where the peer takes %zu",
             fields.list_size(), limit);
}

}  // namespace

void FuzzMetadata(ByteView input) {
  ByteSource program(input);
  switch (program.Below(6)) {
    case 0:
      return FuzzPercentEncoding(program);
    case 1:
      return FuzzBase64(program);
    case 2:
      return FuzzTimeout(program);
    case 3:
      return FuzzRequestHead(program);
    case 4:
      return FuzzMetadataRoundTrip(program);
    case 5:
      return FuzzResponseHead(program);
  }
}

}  // namespace weir::fuzz
