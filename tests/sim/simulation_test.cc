// Whole servers against random clients: many seeds, the same seed twice, and servers whose output
// is changed on its way, which the model must notice.
#include "tests/sim/simulation.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/sim/runner.h"

namespace weir::sim {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr uint64_t kSeeds = 2'000;  // each takes many times as long
#else
constexpr uint64_t kSeeds = kSeedsForCoverage;
#endif

TEST(Simulation, KeepsEveryRuleAndMeetsEveryBehaviour) {
  const RunReport report = RunSeeds({.first = 1, .seeds = kSeeds});
  EXPECT_EQ(report.failure, "");
  if (kSeeds < kSeedsForCoverage) return;
  for (const std::string& name : report.coverage.Missing()) {
    ADD_FAILURE() << "never happened: " << name;
  }
}

TEST(Simulation, RepeatsItself) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Coverage first_coverage;
    Coverage second_coverage;
    const SimulationResult first = Simulation(seed, false, first_coverage).Run();
    const SimulationResult second = Simulation(seed, false, second_coverage).Run();
    ASSERT_EQ(first.trace_hash, second.trace_hash) << "seed " << seed;
    ASSERT_EQ(first_coverage.Table(), second_coverage.Table()) << "seed " << seed;
  }
}

TEST(Simulation, DiffersFromSeedToSeed) {
  Coverage coverage;
  EXPECT_NE(Simulation(1, false, coverage).Run().trace_hash,
            Simulation(2, false, coverage).Run().trace_hash);
}

// One way to corrupt what the server sends.
struct Corruption {
  const char* name;
  Tamper tamper;
};
void PrintTo(const Corruption& corruption, std::ostream* out) { *out << corruption.name; }

void Pass(const FrameHeader& frame, std::string_view payload, std::string* out) {
  AppendFrame(frame.type, frame.flags, frame.stream_id, payload, out);
}

// Drops every frame that `matches`.
template <typename Matches>
Tamper Drop(Matches matches) {
  return [matches](const FrameHeader& frame, std::string_view payload, std::string* out) {
    if (!matches(frame)) Pass(frame, payload, out);
  };
}

// Says twice every frame that `matches`.
template <typename Matches>
Tamper Double(Matches matches) {
  return [matches](const FrameHeader& frame, std::string_view payload, std::string* out) {
    Pass(frame, payload, out);
    if (matches(frame)) Pass(frame, payload, out);
  };
}

// Changes the last octet of the payload of every frame that `matches`.
template <typename Matches>
Tamper Change(Matches matches) {
  return [matches](const FrameHeader& frame, std::string_view payload, std::string* out) {
    std::string changed(payload);
    if (matches(frame) && !changed.empty()) changed.back() = static_cast<char>(changed.back() ^ 1);
    Pass(frame, changed, out);
  };
}

bool IsAck(const FrameHeader& frame, uint8_t type) {
  return frame.type == type && frame.Has(frame_flag::kAck);
}
auto Of(uint8_t type) {
  return [type](const FrameHeader& frame) { return frame.type == type; };
}
auto AckOf(uint8_t type) {
  return [type](const FrameHeader& frame) { return IsAck(frame, type); };
}
bool IsLast(const FrameHeader& frame) {
  return frame.type == frame_type::kHeaders && frame.Has(frame_flag::kEndStream);
}
bool IsCreditOfConnection(const FrameHeader& frame) {
  return frame.type == frame_type::kWindowUpdate && frame.stream_id == 0;
}

// A frame on the next stream, one that its client may not have opened.
void Misplace(const FrameHeader& frame, std::string_view payload, std::string* out) {
  const uint32_t id = frame.type == frame_type::kData ? frame.stream_id + 2 : frame.stream_id;
  AppendFrame(frame.type, frame.flags, id, payload, out);
}

// DATA that ends a stream which has trailers to come.
void EndTooSoon(const FrameHeader& frame, std::string_view payload, std::string* out) {
  const bool is_data = frame.type == frame_type::kData;
  AppendFrame(frame.type, is_data ? frame_flag::kEndStream : frame.flags, frame.stream_id, payload,
              out);
}

// What the tests below rely on: looking at the frames changes nothing.
TEST(Simulation, IsNotDisturbedByWhoOnlyLooks) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Coverage coverage;
    EXPECT_EQ(Simulation(seed, false, coverage, Pass).Run().failure, "") << "seed " << seed;
  }
}

class CorruptionTest : public ::testing::TestWithParam<Corruption> {};

TEST_P(CorruptionTest, IsNoticed) {
  constexpr uint64_t kSeedsTried = 300;
  uint64_t noticed = 0;
  for (uint64_t seed = 1; seed <= kSeedsTried && noticed == 0; ++seed) {
    Coverage coverage;
    Simulation simulation(seed, false, coverage, GetParam().tamper);
    if (!simulation.Run().failure.empty()) ++noticed;
  }
  EXPECT_GT(noticed, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Server, CorruptionTest,
    ::testing::Values(
        Corruption{"acknowledgements of SETTINGS dropped", Drop(AckOf(frame_type::kSettings))},
        Corruption{"acknowledgements of SETTINGS doubled", Double(AckOf(frame_type::kSettings))},
        Corruption{"acknowledgements of PING dropped", Drop(AckOf(frame_type::kPing))},
        Corruption{"acknowledgements of PING changed", Change(AckOf(frame_type::kPing))},
        Corruption{"credit of the connection dropped", Drop(IsCreditOfConnection)},
        Corruption{"credit doubled", Double(Of(frame_type::kWindowUpdate))},
        Corruption{"DATA dropped", Drop(Of(frame_type::kData))},
        Corruption{"DATA doubled", Double(Of(frame_type::kData))},
        Corruption{"DATA changed", Change(Of(frame_type::kData))},
        Corruption{"DATA on another stream", Misplace},
        Corruption{"DATA with END_STREAM", EndTooSoon},
        Corruption{"trailers dropped", Drop(IsLast)},
        Corruption{"trailers doubled", Double(IsLast)},
        Corruption{"trailers changed", Change(IsLast)},
        Corruption{"RST_STREAM dropped", Drop(Of(frame_type::kRstStream))},
        Corruption{"RST_STREAM doubled", Double(Of(frame_type::kRstStream))},
        Corruption{"RST_STREAM with another code", Change(Of(frame_type::kRstStream))},
        Corruption{"GOAWAY dropped", Drop(Of(frame_type::kGoAway))},
        Corruption{"GOAWAY changed",
                   [](const FrameHeader& frame, std::string_view payload, std::string* out) {
                     std::string changed(payload);
                     if (frame.type == frame_type::kGoAway) changed[7] ^= 2;
                     Pass(frame, changed, out);
                   }}));

}  // namespace
}  // namespace weir::sim
