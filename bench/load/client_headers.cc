#include "bench/load/client_headers.h"

#include <algorithm>
#include <span>

#include "bench/load/clock.h"
#include "bench/load/grpc_timeout.h"

namespace load {
namespace {

// Where the value of a field comes from.
enum class Source : uint8_t {
  kRow,   // the row's own text
  kGzip,  // the same, but only if --gzip was given
  kScheme,
  kPath,
  kAuthority,
  kContentLength,  // none when it is not known
  kTimeout,        // none without a timeout
  kTrace,          // none unless wanted
};

struct Row {
  std::string_view name;
  FieldStyle style;  // kStatic is found out
  Source source = Source::kRow;
  std::string_view value = {};
};

// nghttp2 1.52's h2load as bench/run calls it, recorded from the wire. nghttp2 never indexes :path
// and content-length (nghttp2_hd.c, hd_deflate_decide_indexing) and Huffman-codes what gets
// shorter. Its fields never vary: timeout, gzip and trace are given as `-H` would give them.
constexpr Row kMinimal[] = {
    {":path", FieldStyle::kLiteral, Source::kPath},
    {":scheme", FieldStyle::kIndexed, Source::kScheme},
    {":authority", FieldStyle::kIndexed, Source::kAuthority},
    {":method", FieldStyle::kIndexed, Source::kRow, "POST"},
    {"user-agent", FieldStyle::kIndexed, Source::kRow, "h2load nghttp2/1.52.0"},
    {"content-type", FieldStyle::kIndexed, Source::kRow, "application/grpc"},
    {"te", FieldStyle::kIndexed, Source::kRow, "trailers"},
    {"grpc-encoding", FieldStyle::kIndexed, Source::kGzip, "gzip"},
    {"grpc-accept-encoding", FieldStyle::kIndexed, Source::kGzip, "gzip"},
    {"grpc-timeout", FieldStyle::kTimeoutSearched, Source::kTimeout},
    {"traceparent", FieldStyle::kTraceInserted, Source::kTrace},
    {"content-length", FieldStyle::kLiteral, Source::kContentLength},
};

// grpc-go 1.85, internal/transport/http2_client.go, createHeaderFields; encoded by
// golang.org/x/net/http2/hpack, which inserts every field that it does not find, Huffman-codes what
// gets shorter, and takes a name from the last static row that has it. It announces the compressors
// the program has linked: none, or gzip.
constexpr Row kGrpcGo[] = {
    {":method", FieldStyle::kIndexed, Source::kRow, "POST"},
    {":scheme", FieldStyle::kIndexed, Source::kScheme},
    {":path", FieldStyle::kIndexed, Source::kPath},
    {":authority", FieldStyle::kIndexed, Source::kAuthority},
    {"content-type", FieldStyle::kIndexed, Source::kRow, "application/grpc"},
    {"user-agent", FieldStyle::kIndexed, Source::kRow, "grpc-go/1.85.0"},
    {"te", FieldStyle::kIndexed, Source::kRow, "trailers"},
    {"grpc-encoding", FieldStyle::kIndexed, Source::kGzip, "gzip"},
    {"grpc-accept-encoding", FieldStyle::kIndexed, Source::kGzip, "gzip"},
    {"grpc-timeout", FieldStyle::kTimeoutSearched, Source::kTimeout},
    {"traceparent", FieldStyle::kTraceInserted, Source::kTrace},
};

// grpc-java, netty/.../GrpcHttp2OutboundHeaders.java (clientRequestHeaders), then the call's
// metadata: what interceptors such as OpenTelemetry's put there first, then ClientCallImpl's
// encodings, then AbstractClientStream's timeout. Encoded by Netty's HpackEncoder, which inserts
// every field that it does not find; NettyClientHandler sets the length from which Netty Huffman-
// codes to Integer.MAX_VALUE, so nothing is. It always announces gzip. The version is not that of
// the sources read, which did not say theirs.
constexpr Row kGrpcJava[] = {
    {":authority", FieldStyle::kIndexed, Source::kAuthority},
    {":path", FieldStyle::kIndexed, Source::kPath},
    {":method", FieldStyle::kIndexed, Source::kRow, "POST"},
    {":scheme", FieldStyle::kIndexed, Source::kScheme},
    {"content-type", FieldStyle::kIndexed, Source::kRow, "application/grpc"},
    {"te", FieldStyle::kIndexed, Source::kRow, "trailers"},
    {"user-agent", FieldStyle::kIndexed, Source::kRow, "grpc-java-netty/1.70.0"},
    {"traceparent", FieldStyle::kTraceInserted, Source::kTrace},
    {"grpc-encoding", FieldStyle::kIndexed, Source::kGzip, "gzip"},
    {"grpc-accept-encoding", FieldStyle::kIndexed, Source::kRow, "gzip"},
    {"grpc-timeout", FieldStyle::kTimeoutSearched, Source::kTimeout},
};

// gRPC C++ 1.51, recorded from the wire; the rest from hpack_encoder.cc: names are always written
// out, nothing is Huffman-coded, fields the library does not know (traceparent) are literals
// without indexing, and a timeout is rounded up and replaced by one of the last five that is at
// most 3 % longer.
constexpr Row kGrpcCpp[] = {
    {":path", FieldStyle::kIndexed, Source::kPath},
    {":authority", FieldStyle::kIndexed, Source::kAuthority},
    {":method", FieldStyle::kIndexed, Source::kRow, "POST"},
    {":scheme", FieldStyle::kIndexed, Source::kScheme},
    {"content-type", FieldStyle::kIndexed, Source::kRow, "application/grpc"},
    {"te", FieldStyle::kIndexed, Source::kRow, "trailers"},
    {"grpc-encoding", FieldStyle::kIndexed, Source::kGzip, "gzip"},
    {"grpc-accept-encoding", FieldStyle::kIndexed, Source::kRow, "identity, deflate, gzip"},
    {"grpc-timeout", FieldStyle::kTimeoutSlack, Source::kTimeout},
    {"user-agent", FieldStyle::kIndexed, Source::kRow,
     "grpc-c++/1.51.1 grpc-c/29.0.0 (linux; chttp2)"},
    {"traceparent", FieldStyle::kTraceLiteral, Source::kTrace},
};

struct Client {
  std::span<const Row> rows;
  EncoderStyle encoder;
};

Client ClientOf(ClientKind kind) {
  switch (kind) {
    case ClientKind::kMinimal:
      return {kMinimal, {.huffman = true, .names_by_index = true}};
    case ClientKind::kGrpcGo:
      return {kGrpcGo, {.huffman = true, .names_by_index = true, .last_static_name = true}};
    case ClientKind::kGrpcJava:
      return {kGrpcJava, {.huffman = false, .names_by_index = true}};
    case ClientKind::kGrpcCpp:
      return {kGrpcCpp, {.huffman = false, .names_by_index = false}};
  }
  __builtin_unreachable();
}

bool IsWanted(Source source, const RequestDescription& description) {
  switch (source) {
    case Source::kRow:
    case Source::kScheme:
    case Source::kPath:
    case Source::kAuthority:
      return true;
    case Source::kGzip:
      return description.gzip;
    case Source::kContentLength:
      return description.content_length >= 0;
    case Source::kTimeout:
      return description.timeout > 0;
    case Source::kTrace:
      return description.traceparent;
  }
  __builtin_unreachable();
}

std::string ValueOf(const Row& row, const RequestDescription& description) {
  switch (row.source) {
    case Source::kRow:
    case Source::kGzip:
      return std::string(row.value);
    case Source::kScheme:
      return description.is_https ? "https" : "http";
    case Source::kPath:
      return description.path;
    case Source::kAuthority:
      return description.authority;
    case Source::kContentLength:
      return std::to_string(description.content_length);
    case Source::kTimeout:
    case Source::kTrace:
      return {};
  }
  __builtin_unreachable();
}

// How long a client takes from the moment the deadline is set to the one in which it writes what is
// left: it depends on the program and the machine. grpc-go took 67 to 328 µs where it was recorded;
// here it is 50 to 350.
constexpr int64_t kLeastDelay = 50 * kMicrosecond;
constexpr int64_t kDelaySpread = 300 * kMicrosecond;

constexpr std::string_view kTracePrefix = "00-";
constexpr std::string_view kTraceSuffix = "-01";  // sampled
constexpr size_t kTraceIdDigits = 32;
constexpr size_t kSpanIdDigits = 16;

char* WriteHex(uint64_t value, char* place) {
  for (int shift = 60; shift >= 0; shift -= 4) *place++ = "0123456789abcdef"[(value >> shift) & 15];
  return place;
}

}  // namespace

Profile MakeProfile(const RequestDescription& description) {
  const Client client = ClientOf(description.client);
  Profile profile{.client = description.client,
                  .encoder = client.encoder,
                  .timeout = description.timeout,
                  .fields = {}};
  for (const Row& row : client.rows) {
    if (!IsWanted(row.source, description)) continue;
    ProfileField field{row.style, std::string(row.name), ValueOf(row, description)};
    if (field.style == FieldStyle::kIndexed) {
      field.static_index = StaticFieldIndex(field.name, field.value);
      if (field.static_index != 0) field.style = FieldStyle::kStatic;
    }
    if (row.source == Source::kTimeout || row.source == Source::kTrace) profile.is_constant = false;
    profile.fields.push_back(std::move(field));
  }
  return profile;
}

std::string FormatTimeout(ClientKind client, int64_t timeout) {
  switch (client) {
    case ClientKind::kMinimal:
      return std::to_string(timeout / kMillisecond) + 'm';
    case ClientKind::kGrpcGo:
      return FormatAsGrpcGo(timeout);
    case ClientKind::kGrpcJava:
      return FormatAsGrpcJava(timeout);
    case ClientKind::kGrpcCpp:
      return RoundAsGrpcCpp(timeout).text;
  }
  __builtin_unreachable();
}

ClientHeaders::ClientHeaders(const Profile* profile, uint64_t seed)
    : profile_(profile),
      encoder_(profile->encoder),
      random_(seed),
      entries_(profile->fields.size()) {
  trace_.append(kTracePrefix).append(kTraceIdDigits, '0').append("-");
  trace_.append(kSpanIdDigits, '0').append(kTraceSuffix);
}

void ClientHeaders::SetTableSize(uint32_t size) {
  encoder_.SetTableSize(size);
  repeated_block_.clear();
}

void ClientHeaders::Append(int64_t age, weir::Buffer* out) {
  if (!repeated_block_.empty()) {
    out->Append(weir::AsBytes(repeated_block_));
    return;
  }
  const HeaderEncoder::Entry newest_before = encoder_.newest();
  const bool had_size_update = encoder_.has_size_update();
  const size_t start = out->size();
  AppendAll(age, out);
  // A block of constants that left the table as it was is also the next one.
  if (profile_->is_constant && !had_size_update && encoder_.newest() == newest_before) {
    repeated_block_ = weir::AsText(out->view().subspan(start));
  }
}

void ClientHeaders::AppendAll(int64_t age, weir::Buffer* out) {
  encoder_.AppendSizeUpdates(out);
  int64_t remaining = profile_->timeout;
  if (remaining > 0 && profile_->client != ClientKind::kMinimal) {
    const auto delay = static_cast<int64_t>(random_.Next() % kDelaySpread);
    // A call that waited longer than its whole timeout is sent all the same: the server is to say.
    remaining = std::max<int64_t>(remaining - age - kLeastDelay - delay, 1);
  }
  for (size_t i = 0; i < profile_->fields.size(); ++i) {
    AppendField(profile_->fields[i], &entries_[i], remaining, out);
  }
}

void ClientHeaders::AppendField(const ProfileField& field, HeaderEncoder::Entry* entry,
                                int64_t remaining, weir::Buffer* out) {
  switch (field.style) {
    case FieldStyle::kStatic:
      encoder_.AppendStatic(field.static_index, out);
      return;
    case FieldStyle::kIndexed:
      if (encoder_.AppendEntry(*entry, out)) return;
      *entry = encoder_.Insert(field.name, field.value, out);
      return;
    case FieldStyle::kLiteral:
      encoder_.AppendLiteral(field.name, field.value, out);
      return;
    case FieldStyle::kTimeoutSearched:
      timeout_text_ = FormatTimeout(profile_->client, remaining);
      if (encoder_.AppendEntry(encoder_.Find(field.name, timeout_text_), out)) return;
      encoder_.Insert(field.name, timeout_text_, out);
      return;
    case FieldStyle::kTimeoutSlack:
      AppendTimeoutWithSlack(field, remaining, out);
      return;
    case FieldStyle::kTraceInserted:
      MakeTrace();
      encoder_.Insert(field.name, trace_, out);
      return;
    case FieldStyle::kTraceLiteral:
      MakeTrace();
      encoder_.AppendLiteral(field.name, trace_, out);
      return;
  }
}

void ClientHeaders::AppendTimeoutWithSlack(const ProfileField& field, int64_t remaining,
                                           weir::Buffer* out) {
  const RoundedTimeout timeout = RoundAsGrpcCpp(remaining);
  for (const PreviousTimeout& previous : previous_timeouts_) {
    // At most 3 % longer than what is wanted (TimeoutCompressorImpl::EncodeWith).
    const bool is_near = timeout.milliseconds <= previous.milliseconds &&
                         timeout.milliseconds * 100 > previous.milliseconds * 97;
    if (!is_near || !encoder_.AppendEntry(previous.entry, out)) continue;
    timeout_text_ = RoundAsGrpcCpp(previous.milliseconds * kMillisecond).text;
    return;
  }
  timeout_text_ = timeout.text;
  const HeaderEncoder::Entry entry = encoder_.Insert(field.name, timeout.text, out);
  previous_timeouts_[next_previous_++ % previous_timeouts_.size()] = {timeout.milliseconds, entry};
}

void ClientHeaders::MakeTrace() {
  char* place = trace_.data() + kTracePrefix.size();
  place = WriteHex(random_.Next(), place);
  place = WriteHex(random_.Next() | 1, place);  // an id of all zeros is invalid
  WriteHex(random_.Next() | 1, place + 1);
}

}  // namespace load
