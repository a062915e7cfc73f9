// Do our coders and nghttp2's understand each other, and do they refuse the same blocks?
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/transport/http2/field_lines.h"
#include "transport/http2/hpack_decoder.h"
#include "transport/http2/hpack_encoder.h"

namespace weir::http2 {
namespace {

struct Deleter {
  void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
  void operator()(nghttp2_hd_deflater* deflater) const { nghttp2_hd_deflate_del(deflater); }
};

class Inflater {
 public:
  Inflater() {
    nghttp2_hd_inflater* inflater = nullptr;
    nghttp2_hd_inflate_new(&inflater);
    inflater_.reset(inflater);
  }

  // False if the block is malformed.
  bool Decode(std::string_view block, std::vector<std::string>* lines) {
    const auto* octets = reinterpret_cast<const uint8_t*>(block.data());
    size_t left = block.size();
    for (;;) {
      nghttp2_nv nv;
      int flags = 0;
      const ssize_t read = nghttp2_hd_inflate_hd2(inflater_.get(), &nv, &flags, octets, left, 1);
      if (read < 0) return false;
      octets += read;
      left -= static_cast<size_t>(read);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        lines->push_back(std::string(reinterpret_cast<const char*>(nv.name), nv.namelen) + ": " +
                         std::string(reinterpret_cast<const char*>(nv.value), nv.valuelen));
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_.get());
    return true;
  }

 private:
  std::unique_ptr<nghttp2_hd_inflater, Deleter> inflater_;
};

class Deflater {
 public:
  Deflater() {
    nghttp2_hd_deflater* deflater = nullptr;
    nghttp2_hd_deflate_new(&deflater, 4096);
    deflater_.reset(deflater);
  }

  void SetTableSize(size_t size) { nghttp2_hd_deflate_change_table_size(deflater_.get(), size); }

  std::string Encode(const std::vector<OutputField>& fields) {
    std::vector<nghttp2_nv> nva;
    for (const OutputField& field : fields) {
      nva.push_back(
          {reinterpret_cast<uint8_t*>(const_cast<char*>(field.name.data())),
           reinterpret_cast<uint8_t*>(const_cast<char*>(field.value.data())), field.name.size(),
           field.value.size(),
           field.indexed ? uint8_t{NGHTTP2_NV_FLAG_NONE} : uint8_t{NGHTTP2_NV_FLAG_NO_INDEX}});
    }
    std::string block(nghttp2_hd_deflate_bound(deflater_.get(), nva.data(), nva.size()), '\0');
    const ssize_t size =
        nghttp2_hd_deflate_hd(deflater_.get(), reinterpret_cast<uint8_t*>(block.data()),
                              block.size(), nva.data(), nva.size());
    EXPECT_GE(size, 0);
    block.resize(static_cast<size_t>(size));
    return block;
  }

 private:
  std::unique_ptr<nghttp2_hd_deflater, Deleter> deflater_;
};

// Field lines of which many repeat, some are long, and some have every octet.
class RandomFields {
 public:
  explicit RandomFields(std::mt19937& random) {
    constexpr std::string_view kNames[] = {":path", "content-type", "user-agent", "x-a", "x-b-bin"};
    const size_t count = random() % 30;
    texts_.reserve(2 * count);
    for (size_t i = 0; i < count; ++i) {
      texts_.push_back(random() % 4 != 0 ? std::string(kNames[random() % 5])
                                         : "name-" + std::to_string(random() % 50));
      std::string value(random() % (random() % 8 == 0 ? 600 : 12), '\0');
      const bool is_text = random() % 3 != 0;
      for (char& c : value) {
        c = static_cast<char>(is_text ? 'a' + random() % 3 : random() % 256);
      }
      texts_.push_back(value);
      fields_.push_back(
          {.name = texts_[2 * i], .value = texts_[2 * i + 1], .indexed = random() % 2 == 0});
      lines_.push_back(texts_[2 * i] + ": " + value);
    }
  }

  const std::vector<OutputField>& fields() const { return fields_; }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> texts_;
  std::vector<OutputField> fields_;
  std::vector<std::string> lines_;
};

TEST(HpackAgainstNghttp2, WeDecodeWhatItEncodes) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Deflater deflater;
    HpackDecoder decoder;
    for (int block = 0; block < 60; ++block) {
      if (random() % 10 == 0) deflater.SetTableSize(random() % 5000);
      const RandomFields fields(random);
      const DecodedBlock decoded = Decode(decoder, deflater.Encode(fields.fields()));
      ASSERT_EQ(decoded.result.outcome, HpackDecoder::Outcome::kDone);
      ASSERT_EQ(decoded.lines, fields.lines());
    }
  }
}

TEST(HpackAgainstNghttp2, ItDecodesWhatWeEncode) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    HpackEncoder encoder;
    Inflater inflater;
    for (int i = 0; i < 60; ++i) {
      for (uint32_t changes = random() % 10 == 0 ? random() % 4 : 0; changes > 0; --changes) {
        encoder.SetPeerTableSize(static_cast<uint32_t>(random() % 5000));
      }
      const RandomFields fields(random);
      Buffer block;
      encoder.Encode(fields.fields(), &block);
      std::vector<std::string> lines;
      ASSERT_TRUE(inflater.Decode(AsText(block.view()), &lines));
      ASSERT_EQ(lines, fields.lines());
    }
  }
}

// Octets of a good block, some of them changed, cut or added: we refuse what nghttp2 refuses and
// accept the rest with the same lines. Our own limits on size updates and integers are stricter.
TEST(HpackAgainstNghttp2, WeRefuseWhatItRefuses) {
  int refused = 0;
  int accepted = 0;
  for (uint32_t seed = 1; seed <= 20000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Deflater deflater;
    HpackDecoder decoder;
    Inflater inflater;
    const std::string good = deflater.Encode(RandomFields(random).fields());
    std::vector<std::string> lines;
    ASSERT_TRUE(inflater.Decode(good, &lines));
    Decode(decoder, good);

    std::string bad = deflater.Encode(RandomFields(random).fields());
    for (uint32_t changes = random() % 3; changes > 0 && !bad.empty(); --changes) {
      bad[random() % bad.size()] = static_cast<char>(random());
    }
    if (random() % 4 == 0) bad.resize(random() % (bad.size() + 1));
    if (random() % 4 == 0) bad += static_cast<char>(random());
    lines.clear();
    const bool is_good = inflater.Decode(bad, &lines);
    const DecodedBlock decoded = Decode(decoder, bad);
    if (decoded.result.outcome == HpackDecoder::Outcome::kTooManySizeUpdates) continue;
    ASSERT_EQ(decoded.result.outcome == HpackDecoder::Outcome::kDone, is_good);
    ++(is_good ? accepted : refused);
    ASSERT_TRUE(!is_good || decoded.lines == lines);
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(accepted, 1000);
}

TEST(HpackAgainstNghttp2, WeReadNoiseTheSameWay) {
  for (uint32_t seed = 1; seed <= 50000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::string noise(random() % 24, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    HpackDecoder decoder;
    Inflater inflater;
    std::vector<std::string> lines;
    const bool is_good = inflater.Decode(noise, &lines);
    const DecodedBlock decoded = Decode(decoder, noise);
    if (decoded.result.outcome == HpackDecoder::Outcome::kTooManySizeUpdates) continue;
    ASSERT_EQ(decoded.result.outcome == HpackDecoder::Outcome::kDone, is_good);
    ASSERT_TRUE(!is_good || decoded.lines == lines);
  }
}

}  // namespace
}  // namespace weir::http2
