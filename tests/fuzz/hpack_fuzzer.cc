// The way from header blocks to field sections: scan, HPACK, rules, limits, memo.
//
// Property, for any sequence of header blocks on one connection:
// - A block is refused as malformed exactly when a decoder of nghttp2 that was given the same
// blocks
//   refuses it, apart from our limits, which are computed here a second time.
// - What was accepted has the fields that nghttp2 sees, and the size that RFC 9113 §6.5.2 counts;
//   what was refused for its content has a field that breaks a rule, also in nghttp2's eyes.
// - Both hold for every block that follows a refused one: the compression state was kept.
// - A block that comes again under the same table gives the same section (the memo).
// - Cut into HEADERS and CONTINUATION frames anywhere, a block means the same.
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/header_blocks.h"
#include "tests/fuzz/targets.h"
#include "tests/fuzz/transcript.h"
#include "transport/http2/field_decoder.h"
#include "transport/http2/options.h"

namespace weir::fuzz {
namespace {

using http2::ConnectionOptions;
using http2::FieldDecoder;
using http2::FieldSectionPtr;
using http2::Violation;
using http2::ViolationScope;

constexpr int kBlocksMax = 24;
constexpr size_t kAbuseFactor = 4;

enum class Use : uint8_t { kRequest, kTrailers, kDiscard };

const uint8_t* OctetsOf(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

// What nghttp2 makes of a block.
class Reference {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  Reference() {
    nghttp2_hd_inflater* inflater = nullptr;
    FUZZ_CHECK(nghttp2_hd_inflate_new(&inflater) == 0, "an inflater");
    inflater_.reset(inflater);
  }

  // False when the block is malformed.
  bool Decode(std::string_view block, Fields* fields) {
    const uint8_t* in = OctetsOf(block);
    size_t left = block.size();
    for (;;) {
      nghttp2_nv nv;
      int flags = 0;
      const ssize_t read = nghttp2_hd_inflate_hd2(inflater_.get(), &nv, &flags, in, left, 1);
      if (read < 0) return false;
      in += read;
      left -= static_cast<size_t>(read);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        fields->emplace_back(std::string(reinterpret_cast<const char*>(nv.name), nv.namelen),
                             std::string(reinterpret_cast<const char*>(nv.value), nv.valuelen));
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_.get());
    return true;
  }

 private:
  struct Deleter {
    void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
  };
  std::unique_ptr<nghttp2_hd_inflater, Deleter> inflater_;
};

// ---- Our limits, counted again.

struct Size {
  size_t list = 0;
  bool is_over = false;
  bool is_abuse = false;
};

Size SizeOf(const Reference::Fields& fields, const ConnectionOptions& options) {
  Size size;
  size_t count = 0;
  for (const auto& [name, value] : fields) {
    size.list += name.size() + value.size() + 32;
    ++count;
    size.is_abuse |= size.list > kAbuseFactor * options.header_list_size_max ||
                     count > kAbuseFactor * options.header_fields_max;
  }
  size.is_over = size.list > options.header_list_size_max || count > options.header_fields_max;
  return size;
}

// Leading size updates of a block. Those elsewhere are malformed.
size_t SizeUpdatesOf(std::string_view block) {
  size_t count = 0;
  while (!block.empty() && (block[0] & 0xe0) == 0x20) {
    const bool is_long = (block[0] & 0x1f) == 0x1f;
    block.remove_prefix(1);
    if (is_long) {
      while (!block.empty() && (block[0] & 0x80) != 0) block.remove_prefix(1);
      if (!block.empty()) block.remove_prefix(1);
    }
    ++count;
  }
  return count;
}

// ---- Rules, mostly in the eyes of nghttp2 (RFC 9113 §8.2, §8.3).

// What no field value may hold (RFC 9113 §8.2.1). nghttp2 also refuses other control characters,
// which is allowed and not asked for.
bool IsValueLegal(std::string_view value) {
  constexpr std::string_view kBlanks = " \t";
  if (value.empty()) return true;
  return value.find_first_of(std::string_view("\0\r\n", 3)) == std::string_view::npos &&
         kBlanks.find(value.front()) == std::string_view::npos &&
         kBlanks.find(value.back()) == std::string_view::npos;
}

bool IsFieldLegal(std::string_view name, std::string_view value) {
  if (name.starts_with(':')) {
    if (name == ":method") return nghttp2_check_method(OctetsOf(value), value.size()) != 0;
    if (name == ":path") {
      return !value.empty() && nghttp2_check_path(OctetsOf(value), value.size()) != 0;
    }
    if (name == ":authority") return nghttp2_check_authority(OctetsOf(value), value.size()) != 0;
    return name == ":scheme" && !value.empty();
  }
  return nghttp2_check_header_name(OctetsOf(name), name.size()) != 0 && IsValueLegal(value);
}

// What we refuse for its octets alone is not legal for nghttp2 either.
bool IsAboutOctets(Violation violation) {
  return violation == Violation::kFieldName || violation == Violation::kFieldValue ||
         violation == Violation::kMethod || violation == Violation::kPath;
}

void CheckFields(const http2::FieldSection& section, const Reference::Fields& expected) {
  std::vector<std::pair<std::string_view, std::string_view>> regular;
  for (const auto& [name, value] : expected) {
    FUZZ_CHECK(IsFieldLegal(name, value), "a field that nghttp2 lets through: '%s'", name.c_str());
    if (name == ":method") {
      FUZZ_CHECK(section.method() == value, "method %s", value.c_str());
    } else if (name == ":scheme") {
      FUZZ_CHECK(section.scheme() == value, "scheme %s", value.c_str());
    } else if (name == ":path") {
      FUZZ_CHECK(section.path() == value, "path %s", value.c_str());
    } else if (name == ":authority") {
      FUZZ_CHECK(section.authority() == value, "authority %s", value.c_str());
    } else {
      regular.emplace_back(name, value);
    }
  }
  FUZZ_CHECK(section.lines().size() == regular.size(), "%zu lines, not %zu", regular.size(),
             section.lines().size());
  for (size_t i = 0; i < regular.size(); ++i) {
    const http2::FieldLine& line = section.lines()[i];
    FUZZ_CHECK(line.name == regular[i].first && line.value == regular[i].second, "line %zu", i);
    FUZZ_CHECK(section.Find(line.name).data() != nullptr, "the line, found by its name");
  }
}

// ---- One sequence of blocks.

class Session {
 public:
  explicit Session(ByteView input) : program_(input) {
    const uint8_t limits = program_.Octet();
    if ((limits & 1) != 0) options_.header_list_size_max = 600;
    if ((limits & 2) != 0) options_.header_fields_max = 8;
    // The wire is not to hit limits of its own: those belong to connection_fuzzer.
    options_.header_block_bytes_max = 1 << 20;
    options_.glitches = options_.refusals = {.burst = 100000, .per_second = 100000};
  }

  void Run() {
    for (int i = 0; i < kBlocksMax && !program_.empty(); ++i) {
      const uint8_t how = program_.Octet();
      if (how >= 250) {
        decoder_.ReleaseIdleMemory();
        continue;
      }
      const bool is_repeated = how % 5 == 4 && !blocks_.empty();
      std::string block =
          is_repeated ? blocks_[program_.Octet() % blocks_.size()] : ReadHeaderBlock(program_);
      blocks_.push_back(std::move(block));
      cuts_.push_back(program_.Octet());
      // Most sections are requests: only they are remembered.
      const Use use = how % 5 == 2 ? Use::kTrailers : how % 5 == 3 ? Use::kDiscard : Use::kRequest;
      if (!Decode(use, blocks_.back())) break;
    }
    CheckFraming();
  }

 private:
  // False when the connection would have ended.
  bool Decode(Use use, std::string_view block) {
    FieldSectionPtr section;
    // In a block of its own, so that a read behind it is found out.
    const auto octets = std::make_unique<uint8_t[]>(block.size());
    std::copy(block.begin(), block.end(), octets.get());
    const Violation violation = DecodeOurs(use, {octets.get(), block.size()}, &section);
    Reference::Fields fields;
    const bool is_well_formed = reference_.Decode(block, &fields);
    const Size size = SizeOf(fields, options_);

    switch (violation) {
      case Violation::kNone:
        FUZZ_CHECK(is_well_formed && !size.is_abuse, "a block that nghttp2 decodes");
        if (use != Use::kDiscard) CheckSection(*section, fields, size);
        return true;
      case Violation::kCompression:
        FUZZ_CHECK(!is_well_formed, "a block that nghttp2 does not decode");
        return false;
      case Violation::kTableSizeUpdates:
        FUZZ_CHECK(SizeUpdatesOf(block) > 2 || !is_well_formed, "more than two size updates");
        return false;
      case Violation::kHeaderListTooLarge:
      case Violation::kTooManyFields:
        FUZZ_CHECK(size.is_abuse, "a section far over the limits");
        return false;
      default:
        break;
    }
    const std::string tag(Describe(violation).tag);
    FUZZ_CHECK(Describe(violation).scope == ViolationScope::kStream && use != Use::kDiscard,
               "a violation of the stream, not %s", tag.c_str());
    FUZZ_CHECK(is_well_formed && !size.is_abuse, "a block that nghttp2 decodes");
    const bool is_legal = std::all_of(fields.begin(), fields.end(), [](const auto& field) {
      return IsFieldLegal(field.first, field.second);
    });
    FUZZ_CHECK(!is_legal || !IsAboutOctets(violation), "octets that nghttp2 refuses, not only %s",
               tag.c_str());
    return true;
  }

  Violation DecodeOurs(Use use, ByteView block, FieldSectionPtr* section) {
    switch (use) {
      case Use::kRequest:
        return decoder_.DecodeRequest(block, section);
      case Use::kTrailers:
        return decoder_.DecodeTrailers(block, section);
      case Use::kDiscard:
        return decoder_.Discard(block);
    }
    return Violation::kNone;
  }

  static void CheckSection(const http2::FieldSection& section, const Reference::Fields& fields,
                           const Size& size) {
    FUZZ_CHECK(section.list_size() == size.list, "size %zu, not %zu", size.list,
               section.list_size());
    FUZZ_CHECK(section.is_over_limit() == size.is_over, "over the limit: %d", size.is_over);
    if (!size.is_over) CheckFields(section, fields);
    ReadAll(section);
  }

  // ---- The same blocks in frames.

  static std::string FrameOf(uint8_t type, uint8_t flags, uint32_t stream_id,
                             std::string_view payload) {
    std::string frame(9, '\0');
    auto* const octets = reinterpret_cast<uint8_t*>(frame.data());
    StoreBig24(octets, static_cast<uint32_t>(payload.size()));
    octets[3] = type;
    octets[4] = flags;
    StoreBig32(octets + 5, stream_id);
    return frame.append(payload);
  }

  // The block in a HEADERS frame, and as `cuts` says in up to three CONTINUATION frames: more could
  // be refused. The parts may be empty, and HEADERS may be padded.
  static std::string InFrames(std::string_view block, uint32_t stream_id, uint8_t cuts) {
    constexpr uint8_t kHeaders = 1, kContinuation = 9;
    constexpr uint8_t kEndStream = 1, kEndHeaders = 4, kPadded = 8;
    const size_t padding = cuts >> 5;
    std::string frames;
    for (int left = cuts & 3;; --left) {
      const bool is_last = left == 0;
      const size_t size = is_last ? block.size() : std::min<size_t>(block.size(), cuts >> 2);
      std::string payload(block.substr(0, size));
      block.remove_prefix(size);
      uint8_t type = kContinuation;
      uint8_t flags = is_last ? kEndHeaders : 0;
      if (frames.empty()) {
        type = kHeaders;
        flags |= padding != 0 ? kEndStream | kPadded : kEndStream;
        if (padding != 0) payload = static_cast<char>(padding) + payload;
        payload.append(padding, '\0');
      }
      frames += FrameOf(type, flags, stream_id, payload);
      if (is_last) return frames;
    }
  }

  void CheckFraming() const {
    std::string whole("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    whole += FrameOf(4, 0, 0, "");
    std::string cut = whole;
    for (size_t i = 0; i < blocks_.size(); ++i) {
      if (blocks_[i].size() > 16000) return;  // in no single frame
      const auto id = static_cast<uint32_t>(2 * i + 1);
      whole += InFrames(blocks_[i], id, 0);
      cut += InFrames(blocks_[i], id, cuts_[i]);
    }
    // Octet by octet takes its time, and has nothing more to show on longer streams.
    const bool is_short = cut.size() <= 4096;
    CheckSame(TranscriptOf(options_, whole, {}),
              TranscriptOf(options_, cut, is_short ? ByteView(cuts_) : ByteView()));
  }

  ByteSource program_;
  ConnectionOptions options_;
  http2::ConnectionCounters counters_;
  FieldDecoder decoder_{options_, counters_};
  Reference reference_;
  std::vector<std::string> blocks_;
  std::vector<uint8_t> cuts_;
};

}  // namespace

void FuzzHpack(ByteView input) { Session(input).Run(); }

}  // namespace weir::fuzz
