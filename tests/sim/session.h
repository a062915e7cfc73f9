// One connection of the simulation: its client, its network, and those who judge what the server
// says on it.
#ifndef WEIR_TESTS_SIM_SESSION_H_
#define WEIR_TESTS_SIM_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/client.h"
#include "tests/sim/coverage.h"
#include "tests/sim/link.h"
#include "tests/sim/referee.h"
#include "tests/sim/reference_model.h"
#include "tests/sim/response_judge.h"
#include "tests/sim/scenario.h"
#include "tests/sim/trace.h"
#include "tests/sim/wire.h"

namespace weir::sim {

// Changes a frame of the server on its way: what the model must notice. Appends what is sent
// instead.
using Tamper =
    std::function<void(const FrameHeader& frame, std::string_view payload, std::string* out)>;

// What is the same for all connections of a simulation.
struct World {
  Random& random;
  EventQueue& events;
  Trace& trace;
  Coverage& coverage;
  Referee& referee;
  const ServerProfile& server;
  const Tamper& tamper;  // may be empty
};

class Session final : private LinkUser {
 public:
  Session(int index, const ClientProfile& profile, std::vector<CallRecord*> calls,
          const World& world);

  Link& link() { return link_; }
  Client& client() { return client_; }
  ReferenceModel& model() { return model_; }
  ResponseJudge& judge() { return judge_; }
  const ClientProfile& profile() const { return profile_; }
  const std::vector<CallRecord*>& calls() const { return calls_; }
  bool is_adopted() const { return is_adopted_; }
  void MarkAdopted() {
    is_adopted_ = true;
    model_.OnAdopted();
  }
  // The server's socket failed or could not be watched: no fault of the server.
  bool is_excused() const { return is_excused_; }
  void Excuse() { is_excused_ = true; }

 private:
  // Lets the model see one direction, frame by frame.
  struct ClientTap {
    Session& session;
    void OnPreface(bool matches) { session.model_.OnPreface(matches); }
    void OnFrameHeader(const FrameHeader& frame, uint8_t pad_length) {
      session.world_.trace.NoteFrame("server reads", session.index_, frame);
      session.model_.OnFrameHeader(frame, pad_length);
    }
    void OnFrame(const FrameHeader& frame, std::string_view payload) {
      session.model_.OnFrame(frame, payload);
    }
  };
  struct ServerTap {
    Session& session;
    void OnPreface(bool) {}
    void OnFrameHeader(const FrameHeader&, uint8_t) {}
    void OnFrame(const FrameHeader& frame, std::string_view payload) {
      session.world_.trace.NoteFrame("server writes", session.index_, frame);
      session.model_.OnServerFrame(frame, payload);
    }
  };
  struct TamperTap {
    const Tamper& tamper;
    std::string& out;
    void OnPreface(bool) {}
    void OnFrameHeader(const FrameHeader&, uint8_t) {}
    void OnFrame(const FrameHeader& frame, std::string_view payload) {
      tamper(frame, payload, &out);
    }
  };

  // LinkUser
  void OnServerReads(std::string_view octets) override;
  std::string_view OnServerWrites(std::string_view octets) override;
  void OnServerOutputTaken() override { model_.OnOutputTaken(); }
  void OnServerToldOfEnd() override { was_server_told_ = true; }
  void OnServerShutsDown() override { model_.OnServerShutsDown(); }
  void OnServerWritesAfterShutdown() override {
    world_.referee.Fail("the server writes after it has shut its side");
  }
  void OnServerCloses() override { model_.OnServerCloses(was_server_told_ || is_excused_); }
  void OnClientReceives(std::string_view octets) override { client_.Receive(octets); }
  void OnClientEnd() override { client_.OnServerEnd(); }
  void OnClientBroken() override { client_.OnBroken(); }

  const int index_;
  const ClientProfile& profile_;
  const std::vector<CallRecord*> calls_;
  const World world_;
  ResponseJudge judge_;
  ReferenceModel model_;
  FrameSplitter client_frames_{/*expects_preface=*/true};
  FrameSplitter server_frames_{/*expects_preface=*/false};
  FrameSplitter untouched_frames_{/*expects_preface=*/false};
  std::string tampered_;
  Link link_;
  Client client_;
  bool is_adopted_ = false;
  bool is_excused_ = false;
  bool was_server_told_ = false;
};

// The server's configuration as the model understands it.
ModelLimits LimitsOf(const ServerProfile& profile);

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_SESSION_H_
