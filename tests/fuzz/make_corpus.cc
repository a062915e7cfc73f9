// Writes the part of the corpus that is made by hand: make_corpus FOLDER fills FOLDER/TARGET/.
//
// One file for each thing that a fuzzer should not have to find by itself: what an ordinary peer
// does, and the beginnings of the attacks that are known by name. The other files of the corpus are
// what libFuzzer found to reach more (tests/fuzz/run merge).
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/fuzz/connection_program.h"
#include "tests/fuzz/header_blocks.h"
#include "tests/fuzz/output_program.h"
#include "tests/fuzz/program_writer.h"
#include "tests/testing/frame_builder.h"

namespace weir::fuzz {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder(const fs::path& corpus, std::string_view target) : path_(corpus / std::string(target)) {
    fs::create_directories(path_);
  }

  void Add(std::string_view name, std::string_view input) const {
    std::ofstream file(path_ / ("seed-" + std::string(name)), std::ios::binary);
    file.write(input.data(), static_cast<std::streamsize>(input.size()));
  }

 private:
  fs::path path_;
};

// ---- connection: two octets of limits, and one that says how the connection begins.

constexpr int kEndStream = 1, kEndHeaders = 4, kPadded = 8;
constexpr int kGrpcBlock = 2;  // of header_blocks.cc
constexpr int kTrailerBlock = 8;

ProgramWriter Connection(int limits = 0, int windows = 0) {
  return ProgramWriter().Octets({limits, windows, 0});
}

std::string Request(int id, int flags = kEndHeaders, int block = kGrpcBlock) {
  return ProgramWriter().Do(Op::kWriteRequest).Octets({id, flags, block, 0}).Take();
}

std::string Data(int id, int flags, int size) {
  ProgramWriter writer;
  writer.Do(Op::kWriteData).Octets({id, flags, size});
  return writer.Text(std::string(static_cast<size_t>(size), 'd')).Take();
}

std::string WindowUpdate(int id, int size_index) {
  return ProgramWriter().Do(Op::kWriteWindowUpdate).Octets({id, size_index}).Take();
}

std::string Settings(int id, int size_index) {
  return ProgramWriter().Do(Op::kWriteSettings).Octets({1, id, size_index}).Take();
}

std::string Reset(int id) { return ProgramWriter().Do(Op::kWriteRstStream).Octets({id, 8}).Take(); }

std::string DeliverAndWrite() {
  return ProgramWriter().Do(Op::kDeliverAll).Do(Op::kWriteAllOutput).Take();
}

// Headers, DATA and trailers of the youngest stream.
std::string Respond(uint32_t size) {
  ProgramWriter writer;
  writer.Do(Op::kSendHeaders).Octets({0, 1});
  writer.Do(Op::kSendData).Octet(0).Number(size);
  writer.Do(Op::kSendTrailers).Octets({0, 1});
  return writer.Do(Op::kReleaseStream).Octet(0).Take();
}

void MakeCalls(const Folder& folder) {
  folder.Add("unary", Connection()
                          .Text(Request(1) + Data(1, kEndStream, 10) + DeliverAndWrite())
                          .Text(Respond(100) + DeliverAndWrite())
                          .Take());
  folder.Add("bidi",
             Connection()
                 .Do(Op::kSetPolicy)
                 .Octet(policy::kReleaseWindow | policy::kAnswerStart | policy::kEcho |
                        policy::kAnswerEnd | policy::kReleaseEnded)
                 .Text(Request(1) + Data(1, 0, 20) + Data(1, kPadded, 30))
                 .Text(DeliverAndWrite() + Request(1, kEndStream | kEndHeaders, kTrailerBlock) +
                       DeliverAndWrite())
                 .Take());
  folder.Add("large_response", Connection()
                                   .Text(Request(1, kEndStream | kEndHeaders) + DeliverAndWrite())
                                   .Text(Respond(90000) + DeliverAndWrite())
                                   .Text(WindowUpdate(0, 8) + WindowUpdate(1, 8))
                                   .Text(DeliverAndWrite())
                                   .Take());
  folder.Add("small_windows", Connection(64, 1)
                                  .Text(Settings(4, 2) + Request(1, kEndStream | kEndHeaders))
                                  .Text(DeliverAndWrite() + Respond(50) + DeliverAndWrite())
                                  .Times(5, WindowUpdate(1, 3) + DeliverAndWrite())
                                  .Text(Settings(4, 8) + DeliverAndWrite())
                                  .Take());
  folder.Add("continuation", Connection()
                                 .Text(Request(1, 0, 1))
                                 .Do(Op::kWriteContinuation)
                                 .Octets({1, 0, kTrailerBlock, 0})
                                 .Do(Op::kWriteContinuation)
                                 .Octets({1, kEndHeaders, kTrailerBlock, 0})
                                 .Text(DeliverAndWrite())
                                 .Take());
  folder.Add("drain", Connection()
                          .Text(Request(1) + DeliverAndWrite())
                          .Do(Op::kBeginDrain)
                          .Do(Op::kWriteAllOutput)
                          .Text(Request(3))
                          .Do(Op::kWritePing)
                          .Octet(3)
                          .Text(DeliverAndWrite() + Request(5) + DeliverAndWrite())
                          .Text(Respond(10))
                          .Take());
  ProgramWriter stalled = Connection().Text(Request(1, 0, 1)).Do(Op::kDeliverAll);
  folder.Add("stalled_header_block", stalled.Do(Op::kAdvanceTime).Octet(5).Take());
  folder.Add("no_preface",
             ProgramWriter().Octets({0, 0, 250}).Do(Op::kAdvanceTime).Octet(5).Take());
}

void MakeAttacks(const Folder& folder) {
  folder.Add("rapid_reset", Connection(16)
                                .Text(Request(1) + Reset(1) + Request(3) + Reset(3) + Request(5))
                                .Text(Reset(5) + Request(7) + Reset(7) + DeliverAndWrite())
                                .Take());
  const std::string begin = Request(1, kEndStream | kEndHeaders);
  const auto made_you_reset = [&](std::string_view name, const std::string& tail) {
    folder.Add("made_you_reset_" + std::string(name),
               Connection().Text(begin + tail + DeliverAndWrite() + Respond(10)).Take());
  };
  made_you_reset("window_zero", WindowUpdate(1, 0));
  made_you_reset("window_overflow", WindowUpdate(1, 10) + WindowUpdate(1, 10));
  made_you_reset("data", Data(1, 0, 1));
  made_you_reset("headers", Request(1));
  made_you_reset("self_dependency", ProgramWriter().Do(Op::kWritePriority).Octets({1, 1}).Take());
  folder.Add("ping_flood", Connection(8 | 32)
                               .Times(12, ProgramWriter().Do(Op::kWritePing).Octet(0).Take())
                               .Do(Op::kDeliverAll)
                               .Take());
  folder.Add("settings_flood", Connection(8).Times(12, Settings(4, 7)).Do(Op::kDeliverAll).Take());
  folder.Add("empty_data", Connection(16).Text(Request(1)).Times(8, Data(1, 0, 0)).Take());
  // 16,320 octets each time.
  const std::string much = ProgramWriter().Do(Op::kWriteData).Octets({1, 0, 255}).Take();
  folder.Add("window_exceeded",
             Connection(0, 1).Text(Request(1)).Times(6, much).Text(DeliverAndWrite()).Take());
  folder.Add("octet_data", Connection().Text(Request(1)).Times(30, Data(1, 0, 1)).Take());
  folder.Add("too_many_streams",
             Connection(1 | 16).Text(Request(1) + Request(3) + Request(5) + Request(7)).Take());
  folder.Add("window_shrinks", Connection()
                                   .Text(begin + DeliverAndWrite() + Respond(80000))
                                   .Text(Settings(4, 0) + DeliverAndWrite() + Settings(4, 7))
                                   .Text(WindowUpdate(0, 8) + DeliverAndWrite())
                                   .Take());
  for (size_t i = 0; i < HeaderBlockCount(); ++i) {
    const std::string request = Request(1, kEndStream | kEndHeaders, static_cast<int>(i));
    const std::string next = Request(3, kEndStream | kEndHeaders, 5);
    folder.Add("block_" + std::to_string(i),
               Connection(4).Text(request + next + DeliverAndWrite()).Take());
  }
}

// ---- The other targets.

void MakeFrames(const Folder& folder) {
  using namespace weir::testing;  // NOLINT: the words of the frame builder
  const auto add = [&](std::string_view name, const std::string& frames) {
    // No limits changed, in pieces of 1, 3 and 20 octets.
    folder.Add(name, ProgramWriter().Octets({3 << 4, 1, 3, 20}).Text(frames).Take());
  };
  add("request", testing::Request(1) + SettingsAck() + testing::Ping(7));
  add("body", OpenRequest(1) + testing::Data(1, "hello") + PaddedData(1, "abc", 5, true));
  add("continuation",
      std::string(Headers(1).Unfinished().Post("/S/M")) + Continuation(1, "", true));
  add("control", testing::WindowUpdate(0, 9) + RstStream(1) + Priority(1, 3) +
                     GoAway(0, http2::ErrorCode::kNoError, "bye") + RawFrame(0xbe, 0, 1, "x"));
  add("settings", testing::Settings({{4, 100}, {5, 20000}, {1, 0}}));
  add("padding_too_long", RawFrame(0, 8, 1, "\x05"));
  add("too_large", FrameHeaderOnly(16385, 0, 0, 1));
  add("interrupted", std::string(Headers(1).Unfinished().Post("/S/M")) + testing::Ping(1));
  add("push_promise", RawFrame(5, 4, 1, std::string(4, '\0')));
  add("ping_of_7", RawFrame(6, 0, 0, "1234567"));
  folder.Add("wrong_preface", ProgramWriter().Octet(8).Text("GET / HTTP/1.1\r\n\r\n").Take());
  folder.Add("own_preface",
             ProgramWriter().Octet(8).Text(std::string(kPreface) + testing::Settings()).Take());
}

void MakeBlocks(const Folder& folder) {
  for (size_t i = 0; i < HeaderBlockCount(); ++i) {
    ProgramWriter writer;
    writer.Octet(i % 4);
    // As a request, twice more, as trailers; then a block that shows the state of the table.
    writer.Octets({0, static_cast<int>(i), 0, 3}).Octets({4, 0, 0, 4, 0, 7});
    writer.Octets({2, static_cast<int>(i), 0, 2}).Octets({0, 5, 0, 13});
    folder.Add("block_" + std::to_string(i), writer.Take());
  }
}

void MakeMessages(const Folder& folder) {
  for (int coding = 0; coding < 3; ++coding) {
    for (int limit = 0; limit < 8; ++limit) {
      ProgramWriter writer;
      writer.Octet(limit | coding << 3 | 2 << 5).Octets({0, 6});
      writer.Octets({0, 12}).Text("hello, world");
      writer.Octets({1, 12}).Text("hello, again").Octet(0);
      writer.Octets({1, 250}).Number(100000).Octet(0);  // much of one octet
      writer.Octets({1, 3}).Text("abc").Octet(230);     // not compressed at all
      folder.Add("coding_" + std::to_string(coding) + "_limit_" + std::to_string(limit),
                 writer.Take());
    }
  }
  for (int coding = 0; coding < 3; ++coding) {
    folder.Add("trailing_octet_" + std::to_string(coding),
               ProgramWriter().Octets({coding << 3, 3, 3}).Text("abc").Octet(0).Take());
  }
  folder.Add("bad_flag", ProgramWriter().Octets({0, 0x3e, 1, 'x', 0, 2}).Take());
  folder.Add("too_large", ProgramWriter().Octets({0, 0x3e, 1, 'x', 1, 255}).Take());
}

void MakeMetadata(const Folder& folder) {
  int number = 0;
  const auto add = [&](int language, std::string_view text) {
    folder.Add(std::to_string(language) + "_" + std::to_string(number++),
               ProgramWriter().Octet(language).Text(text).Take());
  };
  for (const std::string_view text :
       {"\x10plain", "\x05 50% \xe2\x82\xac ", "\x08\xf0\x9f\x98\x80\xf0\x9f", "\x20\xed\xa0\x80",
        "\x03\x01\x7f%41%4"}) {
    add(0, text);
  }
  for (const std::string_view text : {"", "AA==", "AQ", "AB", "aGVsbG8", "a-_b", "AAA=", "===="}) {
    add(1, text);
  }
  for (const std::string_view text :
       {"1S", "0n", "99999999H", "100000000n", "1", "-1S", "00000001u"}) {
    add(2, text);
  }
  // Paths, by the indexes of the name and the values.
  for (int i = 13; i < 17; ++i) {
    folder.Add("path_" + std::to_string(i),
               ProgramWriter().Octets({3, 0x32, 14, 0, i, 0, 0, 0, 0, 0}).Take());
  }
  // Sections and metadata, by the indexes of their names and values.
  for (int i = 0; i < 25; ++i) {
    folder.Add("head_" + std::to_string(i), ProgramWriter()
                                                .Octets({3, 2, i, 0, i % 20, 0})
                                                .Octets({(i + 7) % 25, 0, (i + 4) % 20, 0})
                                                .Take());
    folder.Add("metadata_" + std::to_string(i),
               ProgramWriter().Octets({4, 2, i, 0, i % 20, 0, 7, 0, 11, 0}).Take());
    folder.Add("response_" + std::to_string(i),
               ProgramWriter().Octets({5, i % 8}).Octets({4 * i, 0, 0, 1, i, 0, 3, 0, i}).Take());
  }
}

ProgramWriter Talk(int options, int settings) {
  return ProgramWriter().Octets({options, settings, 1, 1, 1});
}

std::string Answer(uint32_t size) {
  ProgramWriter writer;
  writer.Do(OutputOp::kSendHeaders).Octets({0, 1});
  writer.Do(OutputOp::kSendData).Octet(0).Number(size);
  return writer.Do(OutputOp::kSendTrailers).Octets({0, 1}).Take();
}

void MakeTalks(const Folder& folder) {
  const std::string exchange = ProgramWriter().Do(OutputOp::kExchange).Take();
  const auto request = [&](uint32_t body) {
    return ProgramWriter().Do(OutputOp::kRequest).Number(body).Text(exchange).Take();
  };
  folder.Add("unary", Talk(0, 0).Text(request(10) + Answer(100) + exchange).Take());
  folder.Add("large", Talk(4, 0).Text(request(70000) + Answer(79000) + exchange).Take());
  folder.Add("zero_window", Talk(2, 1).Text(request(0) + Answer(1000) + exchange).Take());
  folder.Add("no_table", Talk(0, 2).Times(4, request(0) + Answer(10) + exchange).Take());
  folder.Add("many", Talk(1, 7).Times(3, request(5)).Times(3, Answer(3000)).Text(exchange).Take());
  folder.Add("placed", Talk(0, 0)
                           .Text(request(0))
                           .Do(OutputOp::kSendHeaders)
                           .Octets({0, 1})
                           .Do(OutputOp::kPlaceData)
                           .Octets({0, 100})
                           .Do(OutputOp::kSendTrailers)
                           .Octets({0, 1})
                           .Text(exchange)
                           .Take());
  // Fields of 20,000 octets, which take CONTINUATION frames.
  folder.Add("large_fields", Talk(0, 0)
                                 .Text(request(0))
                                 .Do(OutputOp::kSendHeaders)
                                 .Octets({0, 0, 3, 0, 2, 201})
                                 .Number(19999)
                                 .Octets({2, 200})
                                 .Number(19999)
                                 .Octets({4, 1})
                                 .Do(OutputOp::kSendTrailers)
                                 .Octets({0, 0, 1, 0, 3})
                                 .Text(exchange)
                                 .Take());
  folder.Add("idle_between",
             Talk(0, 2)
                 .Text(request(0) + Answer(10) + exchange)
                 .Times(6, ProgramWriter().Do(OutputOp::kAdvanceTime).Octet(250).Take())
                 .Text(request(0) + Answer(10) + exchange)
                 .Take());
  folder.Add("drain", Talk(0, 0)
                          .Text(request(0))
                          .Do(OutputOp::kBeginDrain)
                          .Octet(255)
                          .Text(exchange + Answer(10) + exchange + request(0))
                          .Take());
  folder.Add("cancelled", Talk(0, 0)
                              .Text(request(100) + Answer(70000))
                              .Do(OutputOp::kCancel)
                              .Octet(0)
                              .Text(exchange)
                              .Take());
}

}  // namespace
}  // namespace weir::fuzz

int main(int argc, char** argv) {
  using namespace weir::fuzz;  // NOLINT: this is its program
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_corpus FOLDER\n");
    return 2;
  }
  const fs::path corpus = argv[1];
  MakeCalls(Folder(corpus, "connection"));
  MakeAttacks(Folder(corpus, "connection"));
  MakeFrames(Folder(corpus, "frame_reader"));
  MakeBlocks(Folder(corpus, "hpack"));
  MakeMessages(Folder(corpus, "message_reader"));
  MakeMetadata(Folder(corpus, "metadata"));
  MakeTalks(Folder(corpus, "output"));
  return 0;
}
