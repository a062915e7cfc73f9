#include "transport/grpc/message_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "transport/base/bytes.h"
#include "transport/grpc/message_writer.h"

namespace weir::grpc {
namespace {

using Outcome = MessageReader::Outcome;

constexpr size_t kNoLimit = SIZE_MAX;

struct Owned {
  bool compressed;
  std::string payload;

  friend bool operator==(const Owned&, const Owned&) = default;
};

std::string Prefix(int flag, uint32_t size) {
  std::string prefix(kMessagePrefixSize, '\0');
  StoreMessagePrefix(reinterpret_cast<uint8_t*>(prefix.data()), false, size);
  prefix[0] = static_cast<char>(flag);
  return prefix;
}

std::string Wire(const Owned& message) {
  return Prefix(message.compressed ? 1 : 0, static_cast<uint32_t>(message.payload.size())) +
         message.payload;
}

// A piece of input in memory of its own, so that a sanitizer sees whoever reads it for too long.
class Piece {
 public:
  explicit Piece(std::string_view text) : bytes_(text.begin(), text.end()) {}
  ByteView view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::vector<uint8_t> bytes_;
};

TEST(TakeWholeMessage, TakesNoMoreAndNoLess) {
  const std::string two = Wire({true, "first"}) + Wire({false, ""});
  for (size_t size = 0; size <= two.size(); ++size) {
    SCOPED_TRACE(size);
    const Piece piece(std::string_view(two).substr(0, size));
    ByteView rest = piece.view();
    Message message;
    const bool is_whole = size >= kMessagePrefixSize + 5;
    ASSERT_EQ(TakeWholeMessage(&rest, 5, &message), is_whole);
    EXPECT_EQ(rest.size(), is_whole ? size - kMessagePrefixSize - 5 : size);
    if (!is_whole) continue;
    EXPECT_TRUE(message.compressed);
    EXPECT_EQ(AsText(message.payload), "first");
    ASSERT_EQ(TakeWholeMessage(&rest, 0, &message), size == two.size());
    if (size < two.size()) continue;
    EXPECT_FALSE(message.compressed);
    EXPECT_TRUE(message.payload.empty());
    EXPECT_TRUE(rest.empty());
  }
}

TEST(TakeWholeMessage, LeavesWhatAReaderRefuses) {
  for (const std::string& octets : {Wire({false, "longer"}), Prefix(2, 0), Prefix(0, UINT32_MAX)}) {
    const Piece piece(octets);
    ByteView rest = piece.view();
    Message message;
    EXPECT_FALSE(TakeWholeMessage(&rest, 5, &message));
    EXPECT_EQ(rest.size(), octets.size());
  }
}

// Feeds one piece and takes all messages out of it. Returns the outcome that ended it.
Outcome Drain(MessageReader* reader, std::string_view text, std::vector<Owned>* messages) {
  const Piece piece(text);
  reader->Feed(piece.view());
  Message message;
  for (;;) {
    const Outcome outcome = reader->Next(&message);
    if (outcome != Outcome::kMessage) return outcome;
    messages->push_back({message.compressed, std::string(AsText(message.payload))});
  }
}

// Feeds `wire` in pieces whose sizes `next_size` gives.
template <typename NextSize>
Outcome DrainInPieces(MessageReader* reader, std::string_view wire, NextSize next_size,
                      std::vector<Owned>* messages) {
  Outcome outcome = Outcome::kNeedMore;
  while (!wire.empty() && outcome == Outcome::kNeedMore) {
    const size_t size = std::min<size_t>(next_size(), wire.size());
    outcome = Drain(reader, wire.substr(0, size), messages);
    wire.remove_prefix(size);
  }
  return outcome;
}

// Runs `check(name, next_size)` for the segmentations that every reader of bytes must survive.
template <typename Check>
void ForEachSegmentation(Check check) {
  check("whole", [] { return SIZE_MAX; });
  check("byte by byte", [] { return size_t{1}; });
  check("with empty pieces", [turn = size_t{0}]() mutable { return turn++ % 2; });
  for (uint32_t seed = 0; seed < 50; ++seed) {
    check("random " + std::to_string(seed),
          [random = std::mt19937(seed)]() mutable { return size_t{random() % 14}; });
  }
}

TEST(MessageWriter, StoresFlagAndBigEndianSize) {
  uint8_t prefix[kMessagePrefixSize];
  StoreMessagePrefix(prefix, false, 0x01020304);
  EXPECT_EQ(AsText(prefix), std::string_view("\0\1\2\3\4", 5));
  StoreMessagePrefix(prefix, true, UINT32_MAX);
  EXPECT_EQ(AsText(prefix), std::string_view("\1\xFF\xFF\xFF\xFF", 5));
}

TEST(MessageReader, ReadsTheSameMessagesInEverySegmentation) {
  const std::vector<Owned> expected = {{false, "first"}, {true, ""},
                                       {false, ""},      {false, std::string(300, 'x')},
                                       {true, "\0\1\2"}, {false, "y"}};
  std::string wire;
  for (const Owned& message : expected) wire += Wire(message);
  ForEachSegmentation([&](std::string name, auto next_size) {
    SCOPED_TRACE(name);
    MessageReader reader(kNoLimit);
    std::vector<Owned> messages;
    EXPECT_EQ(DrainInPieces(&reader, wire, next_size, &messages), Outcome::kNeedMore);
    EXPECT_EQ(messages, expected);
    EXPECT_TRUE(reader.IsAtBoundary());
    EXPECT_EQ(reader.missing_bytes(), 0u);
    EXPECT_EQ(reader.held_bytes(), 0u);
  });
}

TEST(MessageReader, ReadsRandomStreamsInRandomPieces) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    std::vector<Owned> expected;
    std::string wire;
    for (size_t count = random() % 12; count > 0; --count) {
      const size_t size = random() % 8 == 0 ? random() % 200000 : random() % 40;
      expected.push_back({random() % 2 == 0, std::string(size, static_cast<char>(random()))});
      wire += Wire(expected.back());
    }
    const size_t piece_max = random() % 2 == 0 ? 50000 : 60;
    MessageReader reader(kNoLimit);
    std::vector<Owned> messages;
    const Outcome outcome = DrainInPieces(
        &reader, wire, [&] { return size_t{random() % piece_max}; }, &messages);
    ASSERT_EQ(outcome, Outcome::kNeedMore) << seed;
    ASSERT_EQ(messages, expected) << seed;
    ASSERT_TRUE(reader.IsAtBoundary()) << seed;
    ASSERT_EQ(reader.held_bytes(), 0u) << seed;
  }
}

TEST(MessageReader, NeedsMoreOfNothing) {
  MessageReader reader(kNoLimit);
  Message message;
  EXPECT_EQ(reader.Next(&message), Outcome::kNeedMore);
  reader.Feed({});
  EXPECT_EQ(reader.Next(&message), Outcome::kNeedMore);
  EXPECT_TRUE(reader.IsAtBoundary());
}

TEST(MessageReader, GivesViewsOfWholeMessages) {
  const Piece piece(Wire({false, "one"}) + Wire({true, "two"}));
  MessageReader reader(kNoLimit);
  reader.Feed(piece.view());
  Message message;
  ASSERT_EQ(reader.Next(&message), Outcome::kMessage);
  EXPECT_EQ(message.payload.data(), piece.view().data() + 5);
  EXPECT_FALSE(reader.IsAtBoundary());
  ASSERT_EQ(reader.Next(&message), Outcome::kMessage);
  EXPECT_EQ(message.payload.data(), piece.view().data() + 13);
  EXPECT_TRUE(message.compressed);
  EXPECT_TRUE(reader.IsAtBoundary());
}

TEST(MessageReader, GivesAViewWhenOnlyThePrefixWasSplit) {
  const std::string wire = Wire({true, "payload"});
  MessageReader reader(kNoLimit);
  std::vector<Owned> none;
  EXPECT_EQ(Drain(&reader, wire.substr(0, 3), &none), Outcome::kNeedMore);
  const Piece rest(wire.substr(3));
  reader.Feed(rest.view());
  Message message;
  ASSERT_EQ(reader.Next(&message), Outcome::kMessage);
  EXPECT_EQ(message.payload.data(), rest.view().data() + 2);
  EXPECT_EQ(AsText(message.payload), "payload");
  EXPECT_EQ(reader.held_bytes(), 0u);
}

TEST(MessageReader, AssemblesInABufferOfTheExactSize) {
  const std::string wire = Wire({false, std::string(1000, 'x')});
  MessageReader reader(kNoLimit);
  std::vector<Owned> messages;
  EXPECT_EQ(Drain(&reader, wire.substr(0, 100), &messages), Outcome::kNeedMore);
  EXPECT_EQ(reader.held_bytes(), 1000u);
  const Piece rest(wire.substr(100));
  reader.Feed(rest.view());
  Message message;
  ASSERT_EQ(reader.Next(&message), Outcome::kMessage);
  EXPECT_EQ(AsText(message.payload), wire.substr(5));
  EXPECT_EQ(reader.held_bytes(), 1000u);
  EXPECT_TRUE(reader.IsAtBoundary());
  EXPECT_EQ(reader.Next(&message), Outcome::kNeedMore);
  EXPECT_EQ(reader.held_bytes(), 0u);
}

TEST(MessageReader, ReadsOnAfterAnAssembledMessage) {
  MessageReader reader(kNoLimit);
  std::vector<Owned> messages;
  const std::string wire = Wire({false, "abc"}) + Wire({true, "def"});
  EXPECT_EQ(Drain(&reader, wire.substr(0, 6), &messages), Outcome::kNeedMore);
  EXPECT_EQ(Drain(&reader, wire.substr(6), &messages), Outcome::kNeedMore);
  EXPECT_EQ(messages, (std::vector<Owned>{{false, "abc"}, {true, "def"}}));
}

TEST(MessageReader, HandsOverAnAssembledPayloadAndCopiesAView) {
  MessageReader reader(kNoLimit);
  std::vector<Owned> none;
  const std::string wire = Wire({false, "assembled"});
  EXPECT_EQ(Drain(&reader, wire.substr(0, 7), &none), Outcome::kNeedMore);
  const Piece rest(wire.substr(7) + Wire({false, "view"}));
  reader.Feed(rest.view());

  Message message;
  ASSERT_EQ(reader.Next(&message), Outcome::kMessage);
  const uint8_t* assembled = message.payload.data();
  const Buffer taken = reader.TakePayload(message);
  EXPECT_EQ(taken.data(), assembled);
  EXPECT_EQ(reader.held_bytes(), 0u);

  ASSERT_EQ(reader.Next(&message), Outcome::kMessage);
  const Buffer copied = reader.TakePayload(message);
  EXPECT_NE(copied.data(), message.payload.data());
  EXPECT_EQ(AsText(copied.view()), "view");
  EXPECT_EQ(AsText(taken.view()), "assembled");
  EXPECT_EQ(reader.Next(&message), Outcome::kNeedMore);
  EXPECT_TRUE(reader.IsAtBoundary());
}

TEST(MessageReader, TakesAnEmptyPayload) {
  MessageReader reader(kNoLimit);
  const Piece piece(Wire({false, ""}));
  reader.Feed(piece.view());
  Message message;
  ASSERT_EQ(reader.Next(&message), Outcome::kMessage);
  EXPECT_TRUE(reader.TakePayload(message).empty());
}

TEST(MessageReader, TellsHowMuchIsMissing) {
  MessageReader reader(kNoLimit);
  std::vector<Owned> messages;
  const std::string wire = Wire({false, std::string(20, 'x')});
  EXPECT_EQ(reader.missing_bytes(), 0u);
  for (size_t fed = 1; fed < wire.size(); ++fed) {
    ASSERT_EQ(Drain(&reader, wire.substr(fed - 1, 1), &messages), Outcome::kNeedMore);
    ASSERT_EQ(reader.missing_bytes(), fed < 5 ? 5 - fed : 25 - fed) << fed;
    ASSERT_FALSE(reader.IsAtBoundary()) << fed;
    if (fed >= 5) {
      ASSERT_EQ(reader.declared_size(), 20u);
    }
  }
  ASSERT_EQ(Drain(&reader, wire.substr(wire.size() - 1), &messages), Outcome::kNeedMore);
  EXPECT_EQ(reader.missing_bytes(), 0u);
  EXPECT_EQ(messages.size(), 1u);
}

TEST(MessageReader, HoldsTheLimitAtOneBelowAtAndOneAbove) {
  for (size_t size : {999u, 1000u, 1001u}) {
    const std::string wire = Wire({false, std::string(size, 'x')});
    ForEachSegmentation([&](std::string name, auto next_size) {
      SCOPED_TRACE(name);
      MessageReader reader(1000);
      std::vector<Owned> messages;
      const Outcome outcome = DrainInPieces(&reader, wire, next_size, &messages);
      EXPECT_EQ(outcome, size > 1000 ? Outcome::kTooLarge : Outcome::kNeedMore);
      EXPECT_EQ(messages.size(), size > 1000 ? 0u : 1u);
      if (size > 1000) {
        EXPECT_EQ(reader.declared_size(), size);
      }
      EXPECT_EQ(reader.message_size_max(), 1000u);
    });
  }
}

// Neither a byte too early nor one too late.
TEST(MessageReader, SaysSomethingOfAMessageWhenItsBytesAreThere) {
  constexpr size_t kMax = 100;
  for (const std::string& wire :
       {Wire({false, ""}), Wire({true, ""}), Wire({false, "x"}),
        Wire({true, std::string(kMax, 'x')}), Wire({false, std::string(kMax + 1, 'x')}),
        Prefix(2, 7) + "payload", Prefix(255, 0)}) {
    const std::string stream = wire + Wire({false, "next"});
    for (size_t size = 1; size <= stream.size(); ++size) {
      const Piece piece(std::string_view(stream).substr(0, size));
      MessageReader reader(kMax);
      reader.Feed(piece.view());
      Message message;
      const bool needs_more = reader.Next(&message) == Outcome::kNeedMore;
      EXPECT_EQ(size < BytesOfFirstMessage(piece.view(), kMax), needs_more) << size;
    }
  }
  EXPECT_EQ(BytesOfFirstMessage({}, kMax), kMessagePrefixSize);
}

TEST(MessageReader, RefusesATooLargeMessageOnItsPrefixAlone) {
  MessageReader reader(4 << 20);
  std::vector<Owned> messages;
  EXPECT_EQ(Drain(&reader, Prefix(0, (4 << 20) + 1), &messages), Outcome::kTooLarge);
  EXPECT_EQ(reader.declared_size(), (4u << 20) + 1);
  EXPECT_EQ(reader.held_bytes(), 0u);
  EXPECT_FALSE(reader.IsAtBoundary());
}

TEST(MessageReader, AcceptsOnlyEmptyMessagesUnderALimitOfZero) {
  MessageReader reader(0);
  std::vector<Owned> messages;
  EXPECT_EQ(Drain(&reader, Wire({false, ""}) + Wire({true, ""}), &messages), Outcome::kNeedMore);
  EXPECT_EQ(messages.size(), 2u);
  EXPECT_EQ(Drain(&reader, Wire({false, "x"}), &messages), Outcome::kTooLarge);
}

TEST(MessageReader, RefusesEveryFlagButZeroAndOne) {
  for (int flag = 2; flag < 256; ++flag) {
    ForEachSegmentation([&](std::string name, auto next_size) {
      SCOPED_TRACE(name);
      MessageReader reader(kNoLimit);
      std::vector<Owned> messages;
      const std::string wire = Wire({false, "before"}) + Prefix(flag, 1) + "x";
      EXPECT_EQ(DrainInPieces(&reader, wire, next_size, &messages), Outcome::kBadFlag);
      EXPECT_EQ(reader.bad_flag(), flag);
      EXPECT_EQ(messages, (std::vector<Owned>{{false, "before"}}));
    });
  }
}

TEST(MessageReader, NamesTheFlagWhenFlagAndSizeAreBothWrong) {
  MessageReader reader(10);
  std::vector<Owned> messages;
  EXPECT_EQ(Drain(&reader, Prefix(0x80, 11), &messages), Outcome::kBadFlag);
}

TEST(MessageReader, RepeatsItsRefusal) {
  MessageReader reader(10);
  std::vector<Owned> messages;
  EXPECT_EQ(Drain(&reader, Wire({false, std::string(11, 'x')}), &messages), Outcome::kTooLarge);
  EXPECT_EQ(Drain(&reader, Wire({false, "fine"}), &messages), Outcome::kTooLarge);
  EXPECT_TRUE(messages.empty());
}

TEST(MessageReader, ReservesLittleForAnAnnouncement) {
  MessageReader reader(kNoLimit);
  std::vector<Owned> messages;
  EXPECT_EQ(Drain(&reader, Prefix(0, UINT32_MAX), &messages), Outcome::kNeedMore);
  EXPECT_EQ(reader.held_bytes(), 0u);
  EXPECT_EQ(Drain(&reader, "x", &messages), Outcome::kNeedMore);
  EXPECT_EQ(reader.held_bytes(), 64u * 1024);
  EXPECT_EQ(reader.missing_bytes(), UINT32_MAX - size_t{1});
}

TEST(MessageReader, HoldsAtMostTwiceWhatItReceived) {
  constexpr uint32_t kSize = 5'000'000;
  MessageReader reader(kNoLimit);
  std::vector<Owned> messages;
  ASSERT_EQ(Drain(&reader, Prefix(0, kSize), &messages), Outcome::kNeedMore);
  const std::string piece(16384, 'x');
  size_t received = 0;
  while (kSize - received > piece.size()) {
    ASSERT_EQ(Drain(&reader, piece, &messages), Outcome::kNeedMore);
    received += piece.size();
    ASSERT_LE(reader.held_bytes(), std::max<size_t>(64 * 1024, 2 * received));
    ASSERT_LE(reader.held_bytes(), kSize);
  }
  ASSERT_EQ(Drain(&reader, piece.substr(0, kSize - received), &messages), Outcome::kNeedMore);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].payload, std::string(kSize, 'x'));
  EXPECT_EQ(reader.held_bytes(), 0u);
}

TEST(MessageReader, MakesRoomOnceForAMessageThatMayCome) {
  constexpr uint32_t kSize = 1'000'000;
  MessageReader reader(kNoLimit);
  std::vector<Owned> messages;
  reader.ExpectMissingBytes();  // of nothing
  EXPECT_EQ(reader.held_bytes(), 0u);
  ASSERT_EQ(Drain(&reader, Prefix(0, kSize) + "begin", &messages), Outcome::kNeedMore);
  reader.ExpectMissingBytes();
  EXPECT_EQ(reader.held_bytes(), kSize);
  ASSERT_EQ(Drain(&reader, std::string(kSize - 5, 'x'), &messages), Outcome::kNeedMore);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].payload, "begin" + std::string(kSize - 5, 'x'));
}

TEST(MessageReader, BelievesNoAnnouncementOfAGiant) {
  MessageReader reader(kNoLimit);
  std::vector<Owned> messages;
  ASSERT_EQ(Drain(&reader, Prefix(0, 4'000'000'000), &messages), Outcome::kNeedMore);
  reader.ExpectMissingBytes();
  EXPECT_EQ(reader.held_bytes(), 8u * 1024 * 1024);
}

TEST(MessageReader, GoesOnWithBytesThatWereTakenBack) {
  const Piece piece(Wire({false, "one"}) + Wire({false, "two"}) + Prefix(1, 3));
  MessageReader reader(kNoLimit);
  reader.Feed(piece.view());
  Message message;
  ASSERT_EQ(reader.Next(&message), Outcome::kMessage);
  const Buffer kept = Buffer::CopyOf(reader.TakeUnread());
  EXPECT_EQ(kept.size(), 13u);
  EXPECT_EQ(reader.Next(&message), Outcome::kNeedMore);

  reader.Feed(kept.view());
  ASSERT_EQ(reader.Next(&message), Outcome::kMessage);
  EXPECT_EQ(AsText(message.payload), "two");
  EXPECT_EQ(reader.Next(&message), Outcome::kNeedMore);
  EXPECT_EQ(reader.missing_bytes(), 3u);
}

TEST(MessageReader, ResetForgetsEverything) {
  MessageReader reader(10);
  std::vector<Owned> messages;
  EXPECT_EQ(Drain(&reader, Wire({false, "12345678"}).substr(0, 8), &messages), Outcome::kNeedMore);
  EXPECT_NE(reader.held_bytes(), 0u);
  reader.Reset(20);
  EXPECT_EQ(reader.held_bytes(), 0u);
  EXPECT_TRUE(reader.IsAtBoundary());
  EXPECT_EQ(Drain(&reader, Wire({false, std::string(20, 'x')}), &messages), Outcome::kNeedMore);
  EXPECT_EQ(messages.size(), 1u);
  EXPECT_EQ(Drain(&reader, Prefix(7, 0), &messages), Outcome::kBadFlag);
  reader.Reset(20);
  EXPECT_EQ(Drain(&reader, Wire({false, "fine"}), &messages), Outcome::kNeedMore);
  EXPECT_EQ(messages.size(), 2u);
}

}  // namespace
}  // namespace weir::grpc
