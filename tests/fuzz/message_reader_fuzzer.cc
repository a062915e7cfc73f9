// From DATA to messages: the message reader and the decompressors.
//
// Property:
// - However the octets are cut, the messages are the same, and so is what comes behind them.
// - A message has the size that its prefix says, at most the limit, and the octets behind it.
// - The memory held grows with what was received, not with what was announced.
// - A decompressor gives what zlib or zstd gives when it has all the room it wants, or says that it
//   is larger than the limit when it is, or that it is corrupt when they say so; it never holds
//   more than the limit and one octet; and it has forgotten the message before.
// - What we compress comes back.
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/targets.h"
#include "transport/grpc/compressor_gzip.h"
#include "transport/grpc/compressor_zstd.h"
#include "transport/grpc/message_reader.h"

namespace weir::fuzz {
namespace {

using grpc::Compressor;
using grpc::kMessagePrefixSize;
using grpc::Message;
using grpc::MessageReader;
using Outcome = MessageReader::Outcome;
using Inflated = Compressor::DecompressOutcome;

constexpr int kMessagesMax = 20;
// What a reference may inflate to. A bomb is cut off here, far over every limit used.
constexpr size_t kReferenceMax = 1 << 20;
// What a reader may reserve for a message of which little has come.
constexpr size_t kFirstReserve = 64 * 1024;

enum class Coding : uint8_t { kGzip, kDeflate, kZstd };

// Room for a reference, made once. What it holds is valid until it is used again.
char* ReferenceRoom() {
  static const auto room = std::make_unique<char[]>(kReferenceMax);
  return room.get();
}

// kTooLarge past kReferenceMax.
Inflated InflateByZlib(ByteView in, int window_bits, std::string_view* out) {
  z_stream stream = {};
  FUZZ_CHECK(inflateInit2(&stream, window_bits) == Z_OK, "zlib");
  stream.next_in = const_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(ReferenceRoom());
  stream.avail_out = kReferenceMax;
  const int result = inflate(&stream, Z_FINISH);
  *out = {ReferenceRoom(), kReferenceMax - stream.avail_out};
  const bool has_rest = stream.avail_in != 0;
  inflateEnd(&stream);
  if (result == Z_STREAM_END) return has_rest ? Inflated::kCorrupt : Inflated::kOk;
  return out->size() == kReferenceMax ? Inflated::kTooLarge : Inflated::kCorrupt;
}

Inflated InflateByZstd(ByteView in, std::string_view* out) {
  // The library also knows formats from before RFC 8878, and frames that hold nothing.
  *out = {};
  if (!AsText(in).starts_with("\x28\xb5\x2f\xfd")) return Inflated::kCorrupt;
  ZSTD_DCtx* const context = ZSTD_createDCtx();
  ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 23);
  ZSTD_inBuffer input = {in.data(), in.size(), 0};
  ZSTD_outBuffer output = {ReferenceRoom(), kReferenceMax, 0};
  size_t result = 1;
  for (size_t before = SIZE_MAX; result != 0 && ZSTD_isError(result) == 0;) {
    const size_t progress = input.pos + output.pos;
    if (progress == before) break;
    before = progress;
    result = ZSTD_decompressStream(context, &output, &input);
  }
  ZSTD_freeDCtx(context);
  *out = {ReferenceRoom(), output.pos};
  if (result == 0) return input.pos == input.size ? Inflated::kOk : Inflated::kCorrupt;
  return output.pos == kReferenceMax ? Inflated::kTooLarge : Inflated::kCorrupt;
}

std::unique_ptr<Compressor> MakeCompressor(Coding coding) {
  switch (coding) {
    case Coding::kGzip:
      return std::make_unique<grpc::GzipCompressor>(1);
    case Coding::kDeflate:
      return std::make_unique<grpc::DeflateCompressor>(1);
    case Coding::kZstd:
      break;
  }
  return std::make_unique<grpc::ZstdCompressor>(1);
}

Inflated InflateByReference(Coding coding, ByteView in, std::string_view* out) {
  switch (coding) {
    case Coding::kGzip:
      return InflateByZlib(in, 15 + 16, out);
    case Coding::kDeflate:
      return InflateByZlib(in, 15, out);
    case Coding::kZstd:
      break;
  }
  return InflateByZstd(in, out);
}

// ---- The stream of a program.

class Writer {
 public:
  Writer(ByteSource& program, Coding coding) : program_(program), coding_(coding) {}

  std::string Write() {
    std::string stream;
    for (int i = 0; i < kMessagesMax && !program_.empty(); ++i) stream += WriteMessage();
    return stream;
  }

 private:
  std::string WriteMessage() {
    const uint8_t how = program_.Octet();
    std::string payload = ReadPayload();
    const bool is_compressed = (how & 1) != 0;
    if (is_compressed) payload = Compress(payload);
    if ((how & 2) != 0) payload += static_cast<char>(how);  // behind the end of what is compressed
    for (int i = how >> 6; i > 0 && !payload.empty(); --i) {
      const size_t place = program_.Number() % payload.size();
      payload[place] = static_cast<char>(program_.Octet());
    }
    std::string prefix(kMessagePrefixSize, '\0');
    auto* const octets = reinterpret_cast<uint8_t*>(prefix.data());
    grpc::StoreMessagePrefix(octets, is_compressed, static_cast<uint32_t>(payload.size()));
    // A prefix that lies.
    if ((how & 0x3e) == 0x3e) octets[program_.Below(kMessagePrefixSize)] = program_.Octet();
    return prefix + payload;
  }

  std::string ReadPayload() {
    const uint8_t how = program_.Octet();
    if (how < 200) return std::string(AsText(program_.Take(how)));
    const size_t size = program_.Number() % 120000;
    return std::string(size, static_cast<char>(how));
  }

  // Octets for the decompressor: most of them made by it.
  std::string Compress(std::string_view text) {
    if (program_.Octet() >= 224) return std::string(text);
    Buffer compressed;
    if (compressor_ == nullptr) compressor_ = MakeCompressor(coding_);
    FUZZ_CHECK(compressor_->Compress(AsBytes(text), &compressed), "compression");
    Buffer back;
    FUZZ_CHECK(compressor_->Decompress(compressed.view(), text.size(), &back) == Inflated::kOk &&
                   AsText(back.view()) == text,
               "what was compressed comes back");
    FUZZ_CHECK(text.empty() || compressor_->Decompress(compressed.view(), text.size() - 1, &back) ==
                                   Inflated::kTooLarge,
               "one octet too many is too large");
    return std::string(AsText(compressed.view()));
  }

  ByteSource& program_;
  const Coding coding_;
  std::unique_ptr<Compressor> compressor_;
};

// ---- What the reader makes of it.

struct Result {
  std::vector<std::pair<bool, std::string>> messages;
  Outcome outcome = Outcome::kNeedMore;
  bool is_at_boundary = true;
  size_t missing = 0;

  bool operator==(const Result&) const = default;
};

Result Read(std::string_view stream, ByteView sizes, size_t size_max) {
  MessageReader reader(size_max);
  Result result;
  size_t fed = 0;
  for (size_t next = 0; !stream.empty() && result.outcome == Outcome::kNeedMore;) {
    size_t size = sizes.empty() ? stream.size() : sizes[next++ % sizes.size()] + 1u;
    size = std::min(size, stream.size());
    // In a block of its own, so that a view that is kept is found out.
    const auto piece = std::make_unique<uint8_t[]>(size);
    std::copy_n(stream.begin(), size, piece.get());
    stream.remove_prefix(size);
    fed += size;
    reader.Feed({piece.get(), size});
    Message message;
    while ((result.outcome = reader.Next(&message)) == Outcome::kMessage) {
      FUZZ_CHECK(message.payload.size() <= size_max, "a message within the limit");
      // Now and then it is taken over, which must not change anything.
      const bool is_taken = (message.payload.size() & 1) != 0;
      const std::string text(AsText(message.payload));
      const Buffer taken = is_taken ? reader.TakePayload(message) : Buffer();
      FUZZ_CHECK(!is_taken || AsText(taken.view()) == text, "the message, taken over");
      result.messages.emplace_back(message.compressed, text);
    }
    FUZZ_CHECK(reader.held_bytes() <= std::max(kFirstReserve, 2 * fed), "%zu octets held of %zu",
               reader.held_bytes(), fed);
    FUZZ_CHECK(reader.held_bytes() <= size_max, "%zu octets held, limit %zu", reader.held_bytes(),
               size_max);
  }
  result.is_at_boundary = reader.IsAtBoundary();
  if (result.outcome == Outcome::kNeedMore) result.missing = reader.missing_bytes();
  return result;
}

// The octets again, by a second parser.
void CheckAgainst(std::string_view stream, const Result& result, size_t size_max) {
  for (const auto& [is_compressed, payload] : result.messages) {
    FUZZ_CHECK(stream.size() >= kMessagePrefixSize && stream[0] == (is_compressed ? 1 : 0) &&
                   LoadBig32(AsBytes(stream).data() + 1) == payload.size() &&
                   stream.substr(kMessagePrefixSize).starts_with(payload),
               "the message that was sent");
    stream.remove_prefix(kMessagePrefixSize + payload.size());
  }
  const bool has_prefix = stream.size() >= kMessagePrefixSize;
  const size_t declared = has_prefix ? LoadBig32(AsBytes(stream).data() + 1) : 0;
  const bool has_bad_flag = has_prefix && static_cast<uint8_t>(stream[0]) > 1;
  switch (result.outcome) {
    case Outcome::kBadFlag:
      FUZZ_CHECK(has_bad_flag, "a flag that means something");
      return;
    case Outcome::kTooLarge:
      FUZZ_CHECK(has_prefix && !has_bad_flag && declared > size_max, "no message too large");
      return;
    case Outcome::kNeedMore:
    case Outcome::kMessage:
      break;
  }
  FUZZ_CHECK(!has_bad_flag && declared <= size_max, "a refusal");
  FUZZ_CHECK(result.is_at_boundary == stream.empty(), "the boundary");
  const size_t whole = has_prefix ? kMessagePrefixSize + declared : kMessagePrefixSize;
  FUZZ_CHECK(result.missing == (stream.empty() ? 0 : whole - stream.size()),
             "%zu octets missing, not %zu", whole - stream.size(), result.missing);
}

void CheckDecompression(Compressor& compressor, Coding coding, std::string_view text,
                        size_t size_max) {
  const auto octets = std::make_unique<uint8_t[]>(text.size());
  std::copy(text.begin(), text.end(), octets.get());
  const ByteView in(octets.get(), text.size());
  Buffer out = Buffer::CopyOf(AsBytes("front"));
  const Inflated outcome = compressor.Decompress(in, size_max, &out);
  FUZZ_CHECK(AsText(out.view()).starts_with("front"), "what was there before");
  const std::string_view produced = AsText(out.view()).substr(5);
  FUZZ_CHECK(out.capacity() <= 5 + size_max + 1, "%zu octets held, limit %zu", out.capacity(),
             size_max);

  std::string_view reference;
  const Inflated expected = InflateByReference(coding, in, &reference);
  switch (outcome) {
    case Inflated::kOk:
      FUZZ_CHECK(expected == Inflated::kOk && produced == reference && produced.size() <= size_max,
                 "what the library gives");
      return;
    case Inflated::kTooLarge:
      // What is corrupt may be too large before it shows.
      FUZZ_CHECK(
          produced.empty() && (expected == Inflated::kCorrupt || reference.size() > size_max),
          "a message within the limit");
      return;
    case Inflated::kCorrupt:
      FUZZ_CHECK(produced.empty() && expected == Inflated::kCorrupt, "a message that is whole");
      return;
  }
}

}  // namespace

void FuzzMessageReader(ByteView input) {
  ByteSource program(input);
  constexpr std::array<size_t, 8> kLimits = {4 << 20, 0, 1, 100, 1000, 65536, 100000, 16384};
  const uint8_t choices = program.Octet();
  const size_t size_max = kLimits[choices & 7];
  const auto coding = static_cast<Coding>((choices >> 3 & 3) % 3);
  const ByteView sizes = program.Take(choices >> 5);
  const std::string stream = Writer(program, coding).Write();

  const Result whole = Read(stream, {}, size_max);
  CheckAgainst(stream, whole, size_max);
  // The pieces are small: a long stream takes its time, and has nothing more to show.
  const bool is_long = stream.size() > 50000;
  FUZZ_CHECK(sizes.empty() || is_long || Read(stream, sizes, size_max) == whole,
             "the same in pieces");
  if (stream.size() < 5000) {
    constexpr std::array<uint8_t, 1> kOctets = {0};
    FUZZ_CHECK(Read(stream, kOctets, size_max) == whole, "the same octet by octet");
  }
  const std::unique_ptr<Compressor> compressor = MakeCompressor(coding);
  for (const auto& [is_compressed, payload] : whole.messages) {
    // Twice the limit is one that the reference does not reach either.
    const size_t inflated_max = std::min<size_t>(size_max, kReferenceMax / 2);
    if (is_compressed) CheckDecompression(*compressor, coding, payload, inflated_max);
  }
}

}  // namespace weir::fuzz
