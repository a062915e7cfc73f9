// From frames to events: what each frame does to its stream and to the connection, and what becomes
// of a violation.
//
// No rule lives here: rules are in the frame table, the frame sequence, the state tables, the
// windows, the settings and the field rules. A handler asks them in the order of the RFC.
#include <algorithm>
#include <utility>

#include "transport/http2/connection.h"
#include "transport/http2/frame_payload.h"
#include "transport/http2/frame_writer.h"

namespace weir::http2 {

namespace {

// A window update that makes us send a frame of next to nothing while much is waiting
// (CVE-2019-9511): small responses, and the last bytes of large ones, are none.
constexpr bool IsDribble(uint32_t increment, size_t waiting) {
  return increment < 256 && waiting > 1024;
}

}  // namespace

// ---- The pull.

void Connection::Receive(ByteView bytes, TimePoint now) {
  now_ = std::max(now_, now);
  if (shutdown_.is_over()) return;
  last_traffic_ = now_;
  ArmIdleDeadline();
  is_paused_ = false;
  reader_.Feed(bytes);
}

bool Connection::Next(Event* event) {
  event->fields.reset();
  if (ended_stream_ != StreamKey{} && NextStreamEnded(event)) return true;
  if (shutdown_.is_over()) return NextFailure(event);
  for (;;) {
    Frame frame;
    switch (reader_.Next(&frame)) {
      case FrameReader::Step::kFrame:
        if (OnFrame(frame, event)) return true;
        break;
      case FrameReader::Step::kNeedsInput:
        return AfterInput(event);
      case FrameReader::Step::kViolation:
        return Refuse(reader_.violation(), kConnectionStreamId, event);
    }
  }
}

bool Connection::AfterInput(Event* event) {
  if (!reader_.in_header_block()) {
    deadlines_.header_block = kNever;
  } else if (deadlines_.header_block == kNever) {
    deadlines_.header_block = AddSaturated(now_, options_.header_block_timeout);
  }
  if (!is_paused_ && !WantsInput()) {
    is_paused_ = has_paused_ = true;
    ++counters_.reads_paused;
    counters_.Hit(replies_.size() >= options_.queued_replies_pause ? Limit::kQueuedRepliesPause
                                                                   : Limit::kOutputPause);
  }
  if (is_drain_event_due_ && NextDrainBegun(event)) return true;
  return !writable_.empty() && NextStreamOutput(event);
}

void Connection::FillStreamEvent(const Stream& stream, Event::Kind kind, Event* event) {
  event->kind = kind;
  event->ends_stream = false;
  event->by_peer = false;
  event->violation = Violation::kNone;
  event->stream_id = stream.id;
  event->stream = StreamStore::KeyOf(stream);
  event->user = stream.user;
  event->error_code = ErrorCode::kNoError;
  event->data = {};
}

bool Connection::NextStreamEnded(Event* event) {
  const Stream* const stream = streams_.Find(ended_stream_);
  ended_stream_ = {};
  // The layer above may be done with the stream already, or have reset it.
  if (stream == nullptr || stream->is_released || stream->receive_state != ReceiveState::kEnded) {
    return false;
  }
  FillStreamEvent(*stream, Event::Kind::kStreamEnded, event);
  return true;
}

// What became of the output of a stream: it has room again, or was given up.
bool Connection::NextStreamOutput(Event* event) {
  while (!writable_.empty()) {
    const SendQueue& queue = writable_.PopFront();
    Stream& stream = queue.stream();
    if (queue.given_up != Violation::kNone) {
      if (DropResponse(stream, Describe(queue.given_up), event)) return true;
      continue;
    }
    if (stream.is_released || stream.send_state == SendState::kEnding) continue;
    FillStreamEvent(stream, Event::Kind::kStreamWritable, event);
    return true;
  }
  return false;
}

bool Connection::NextDrainBegun(Event* event) {
  is_drain_event_due_ = false;
  if (shutdown_.is_over()) return false;
  *event = Event{};
  event->kind = Event::Kind::kDrainBegun;
  return true;
}

bool Connection::NextFailure(Event* event) {
  if (failure_ == Violation::kNone) return false;
  *event = Event{};
  event->kind = Event::Kind::kConnectionFailed;
  event->violation = failure_;
  event->error_code = Describe(failure_).code;
  failure_ = Violation::kNone;
  return true;
}

// ---- Violations.

// The one place where a violation becomes RST_STREAM or GOAWAY.
bool Connection::Refuse(Violation violation, StreamId id, Event* event) {
  const ViolationRow& row = Describe(violation);
  if (row.scope == ViolationScope::kStream) return RefuseStream(row, id, event);
  Fail(violation);
  return NextFailure(event);
}

// The answer to a frame of the peer, and so bounded like all such answers.
bool Connection::RefuseStream(const ViolationRow& row, StreamId id, Event* event) {
  CountStreamError(row);
  const Violation abuse = guard_.OnStreamError(row.charge, now_);
  if (abuse != Violation::kNone) return Refuse(abuse, id, event);

  WriteReset(id, row.code);
  if (!QueueReply()) return Refuse(Violation::kTooManyReplies, id, event);

  Stream* const stream = streams_.FindById(id);
  if (stream == nullptr) {
    streams_.RememberReset(id);
    return false;
  }
  return CloseRefused(*stream, row, event);
}

// The end of a response that its peer does not take. No reply: a peer that takes none of a thousand
// responses has not asked for a thousand resets.
bool Connection::DropResponse(Stream& stream, const ViolationRow& row, Event* event) {
  CountStreamError(row);
  WriteReset(stream.id, row.code);
  return CloseRefused(stream, row, event);
}

void Connection::CountStreamError(const ViolationRow& row) {
  ++counters_.violations[static_cast<size_t>(row.violation)];
  counters_.Hit(row.limit);
}

// Behind the RST_STREAM for a stream that was open.
bool Connection::CloseRefused(Stream& stream, const ViolationRow& row, Event* event) {
  const bool is_told = !stream.is_released;
  if (is_told) {
    FillStreamEvent(stream, Event::Kind::kStreamReset, event);
    event->violation = row.violation;
    event->error_code = row.code;
  }
  CloseStream(stream, ReceiveState::kResetByUs);
  return is_told;
}

bool Connection::OnGlitch(Event* event) {
  const Violation abuse = guard_.OnGlitch(now_);
  return abuse != Violation::kNone && Refuse(abuse, kConnectionStreamId, event);
}

// ---- Frames.

bool Connection::OnFrame(const Frame& frame, Event* event) {
  if (frame.begins) ++counters_.frames_received;
  switch (frame.header.type) {
    case FrameType::kData:
      return OnData(frame, event);
    case FrameType::kHeaders:
      return OnHeaders(frame, event);
    case FrameType::kPriority:
      return OnPriority(frame, event);
    case FrameType::kRstStream:
      return OnRstStream(frame, event);
    case FrameType::kSettings:
      return frame.header.Has(flags::kAck) ? OnSettingsAck(frame, event) : OnSettings(frame, event);
    case FrameType::kPushPromise:
      return Refuse(Violation::kPushPromise, frame.header.stream_id, event);
    case FrameType::kPing:
      return OnPing(frame, event);
    case FrameType::kGoAway:
      return OnGoAway(frame, event);
    case FrameType::kWindowUpdate:
      return OnWindowUpdate(frame, event);
    case FrameType::kContinuation:
      return OnContinuation(frame, event);
    case FrameType::kExtension:
      return OnGlitch(event);
  }
  return false;
}

// ---- DATA (RFC 9113 §6.1).

bool Connection::OnData(const Frame& frame, Event* event) {
  Stream* stream = nullptr;
  Violation violation = Violation::kNone;
  if (frame.begins) {
    violation = AdmitData(frame, &stream);
    data_stream_ = stream != nullptr ? StreamStore::KeyOf(*stream) : StreamKey{};
  } else {
    stream = FindOpen(data_stream_);
  }
  bool has_event = false;
  if (violation != Violation::kNone) {
    data_stream_ = {};
    has_event = Refuse(violation, frame.header.stream_id, event);
  }
  // Given back whatever becomes of the octets: a stream that nobody reads, or that is over, must
  // not close the window for the others.
  if (frame.ends && !shutdown_.is_over()) CreditConnection(frame.header.length);
  if (violation != Violation::kNone) return has_event;
  const bool has_end_stream = frame.header.Has(flags::kEndStream);
  if (frame.begins && frame.header.length == frame.padding && !has_end_stream && OnGlitch(event)) {
    return true;
  }
  if (stream == nullptr) return false;

  const bool ends_stream = frame.ends && has_end_stream;
  if (ends_stream) {
    stream->receive_state = StepOf(stream->receive_state, ReceiveInput::kDataEnd).next;
    if (stream->uses_budget) EndReceiveWindow(*stream);
  } else if (frame.ends && frame.padding != 0) {
    ReleaseWindow(StreamStore::KeyOf(*stream), frame.padding);
  }
  if (stream->is_released) return false;
  if (frame.payload.empty()) {
    if (ends_stream) FillStreamEvent(*stream, Event::Kind::kStreamEnded, event);
    return ends_stream;
  }
  FillStreamEvent(*stream, Event::Kind::kDataReceived, event);
  event->data = frame.payload;
  event->ends_stream = ends_stream;
  if (ends_stream) ended_stream_ = StreamStore::KeyOf(*stream);
  return true;
}

// Whether a DATA frame may come, by its header. `stream` is who gets its payload, if anybody.
Violation Connection::AdmitData(const Frame& frame, Stream** stream) {
  const FrameHeader& header = frame.header;
  if ((header.stream_id & 1) == 0) return Violation::kEvenStreamId;
  if (!receive_window_.Debit(header.length)) return Violation::kConnectionWindowExceeded;
  if (shutdown_.Ignores(header.stream_id)) return Violation::kNone;

  Stream* const found = streams_.FindById(header.stream_id);
  const ReceiveState state =
      found != nullptr ? found->receive_state : streams_.StateOf(header.stream_id);
  const ReceiveStep& step = StepOf(state, ReceiveInput::kData);
  if (step.reaction != Reaction::kAccept) return step.violation;
  if (!found->receive_window.Debit(header.length)) return Violation::kStreamWindowExceeded;
  if (found->content_left >= 0) {
    // Judged before any of the payload is passed on, however it is cut.
    found->content_left -= int64_t{header.length} - int64_t{frame.padding};
    const bool is_short = found->content_left > 0 && header.Has(flags::kEndStream);
    if (found->content_left < 0 || is_short) return Violation::kContentLengthMismatch;
  }
  *stream = found;
  return Violation::kNone;
}

// ---- HEADERS and CONTINUATION (RFC 9113 §6.2, §6.10).

bool Connection::OnHeaders(const Frame& frame, Event* event) {
  ByteView fragment;
  const Violation violation = ParseHeaders(frame, &fragment);
  if (violation != Violation::kNone) return Refuse(violation, frame.header.stream_id, event);
  const StreamId id = frame.header.stream_id;
  if ((id & 1) == 0) return Refuse(Violation::kEvenStreamId, id, event);

  FieldBlock& block = block_;
  block.stream_id = id;
  block.ends_stream = frame.header.Has(flags::kEndStream);
  block.opens_stream = id > streams_.highest_id();
  // The identifier is used up even if the stream is refused (RFC 9113 §5.1.1).
  if (block.opens_stream) streams_.Use(id);
  if (frame.header.Has(flags::kEndHeaders)) {
    deadlines_.header_block = kNever;
    return OnFieldBlock(fragment, event);
  }
  block.fragments.Append(fragment);
  return false;
}

bool Connection::OnContinuation(const Frame& frame, Event* event) {
  block_.fragments.Append(frame.payload);
  if (!frame.header.Has(flags::kEndHeaders)) return false;
  deadlines_.header_block = kNever;
  const Buffer fragments = std::move(block_.fragments);
  return OnFieldBlock(fragments.view(), event);
}

// The header block that block_ describes is complete.
bool Connection::OnFieldBlock(ByteView octets, Event* event) {
  const StreamId id = block_.stream_id;
  Stream* stream = nullptr;
  ReceiveState state = ReceiveState::kIdle;
  if (!block_.opens_stream) {
    stream = streams_.FindById(id);
    state = stream != nullptr ? stream->receive_state : streams_.StateOf(id);
  }
  const ReceiveStep& step =
      StepOf(state, block_.ends_stream ? ReceiveInput::kHeadersEnd : ReceiveInput::kHeaders);

  if (step.reaction == Reaction::kAccept && !shutdown_.Ignores(id)) {
    return stream == nullptr ? OnRequest(octets, event) : OnTrailers(*stream, octets, event);
  }
  // Refused or not, the block has to go through the compression state (RFC 9113 §4.3).
  const Violation fatal = decoder_.Discard(octets);
  if (fatal != Violation::kNone) return Refuse(fatal, id, event);
  if (step.reaction != Reaction::kRefuse || shutdown_.Ignores(id)) return false;
  return Refuse(step.violation, id, event);
}

bool Connection::OnRequest(ByteView octets, Event* event) {
  const StreamId id = block_.stream_id;
  const bool is_full = streams_.size() >= options_.max_concurrent_streams;
  if (is_full || IsPressed(MemoryPressure::kNoNewCalls)) [[unlikely]] {
    const Violation fatal = decoder_.Discard(octets);
    if (fatal != Violation::kNone) return Refuse(fatal, id, event);
    ++counters_.streams_refused;
    return Refuse(is_full ? Violation::kConcurrencyExceeded : Violation::kMemoryShort, id, event);
  }
  FieldSectionPtr fields;
  Violation violation = decoder_.DecodeRequest(octets, &fields);
  if (violation == Violation::kNone && block_.ends_stream && fields->content_length() > 0) {
    violation = Violation::kContentLengthMismatch;
  }
  if (violation != Violation::kNone) return Refuse(violation, id, event);

  Stream& stream = streams_.Open(id, InitialReceiveWindow());
  stream.receive_state = block_.ends_stream ? ReceiveState::kEnded : ReceiveState::kOpen;
  stream.content_left = fields->content_length();
  highest_processed_ = id;
  ++counters_.streams_opened;
  if (fields->is_over_limit()) [[unlikely]]
    counters_.Hit(Limit::kHeaderList);
  FillStreamEvent(stream, Event::Kind::kRequestStarted, event);
  event->fields = std::move(fields);
  event->ends_stream = block_.ends_stream;
  if (block_.ends_stream) ended_stream_ = StreamStore::KeyOf(stream);
  return true;
}

bool Connection::OnTrailers(Stream& stream, ByteView octets, Event* event) {
  FieldSectionPtr fields;
  Violation violation = decoder_.DecodeTrailers(octets, &fields);
  if (violation == Violation::kNone && stream.content_left > 0) {
    violation = Violation::kContentLengthMismatch;
  }
  if (violation != Violation::kNone) return Refuse(violation, stream.id, event);

  stream.receive_state = StepOf(stream.receive_state, ReceiveInput::kHeadersEnd).next;
  if (stream.uses_budget) EndReceiveWindow(stream);
  if (stream.is_released) return false;
  FillStreamEvent(stream, Event::Kind::kTrailersReceived, event);
  event->fields = std::move(fields);
  event->ends_stream = true;
  ended_stream_ = StreamStore::KeyOf(stream);
  return true;
}

// ---- Other frames on streams.

// Read, checked and ignored (RFC 9113 §5.3.2).
bool Connection::OnPriority(const Frame& frame, Event* event) {
  const Violation violation = CheckPriority(frame);
  if (violation != Violation::kNone) return Refuse(violation, frame.header.stream_id, event);
  return OnGlitch(event);
}

bool Connection::OnRstStream(const Frame& frame, Event* event) {
  const StreamId id = frame.header.stream_id;
  if ((id & 1) == 0) return Refuse(Violation::kEvenStreamId, id, event);
  if (shutdown_.Ignores(id)) return false;
  Stream* const stream = streams_.FindById(id);
  const ReceiveState state = stream != nullptr ? stream->receive_state : streams_.StateOf(id);
  const ReceiveStep& step = StepOf(state, ReceiveInput::kRstStream);
  // RFC 9113 §6.4 wants the connection closed for a stream that is idle. But a client of gRPC C++
  // (1.51) sends this for a call that ended before its HEADERS were written, and all its other
  // calls would end, too. Only who has opened no stream at all is certainly none of those.
  if (state == ReceiveState::kIdle && streams_.highest_id() != 0) return false;
  if (step.reaction == Reaction::kRefuse) return Refuse(step.violation, id, event);
  if (stream == nullptr) return false;

  ++counters_.streams_reset_by_peer;
  is_reset_premature_ = stream->send_state == SendState::kIdle;
  if (is_reset_premature_) {
    const Violation abuse = guard_.OnPrematureReset(now_);
    if (abuse != Violation::kNone) return Refuse(abuse, id, event);
  }
  const bool is_told = !stream->is_released;
  if (is_told) {
    FillStreamEvent(*stream, Event::Kind::kStreamReset, event);
    event->by_peer = true;
    event->error_code = ParseRstStream(frame);
  }
  CloseStream(*stream, step.next);
  return is_told;
}

bool Connection::OnWindowUpdate(const Frame& frame, Event* event) {
  const StreamId id = frame.header.stream_id;
  const uint32_t increment = ParseWindowUpdate(frame);
  if (id == kConnectionStreamId) {
    if (increment == 0) return Refuse(Violation::kWindowUpdateZero, id, event);
    if (!send_windows_.WidenConnection(increment)) {
      return Refuse(Violation::kConnectionWindowOverflow, id, event);
    }
    return IsDribble(increment, scheduler_.queued_bytes()) && OnGlitch(event);
  }
  if ((id & 1) == 0) return Refuse(Violation::kEvenStreamId, id, event);
  if (shutdown_.Ignores(id)) return false;
  Stream* const stream = streams_.FindById(id);
  const ReceiveState state = stream != nullptr ? stream->receive_state : streams_.StateOf(id);
  const ReceiveStep& step = StepOf(state, ReceiveInput::kWindowUpdate);
  if (step.reaction == Reaction::kRefuse) return Refuse(step.violation, id, event);
  if (increment == 0) return Refuse(Violation::kWindowUpdateZero, id, event);
  if (stream == nullptr) return false;  // late, and legal
  if (!send_windows_.WidenStream(&stream->send_delta, increment)) {
    return Refuse(Violation::kStreamWindowOverflow, id, event);
  }
  if (stream->queue == nullptr) return false;
  scheduler_.Update(*stream->queue, HasWindow(*stream));
  return IsDribble(increment, stream->queue->size()) && OnGlitch(event);
}

// ---- Frames on the connection.

bool Connection::OnSettings(const Frame& frame, Event* event) {
  uint32_t widest = 0;
  bool has_window = false;
  Violation violation = peer_.Apply(frame.payload, [&](const Setting& setting) {
    if (setting.id == SettingId::kHeaderTableSize) encoder_.SetPeerTableSize(setting.value);
    if (setting.id == SettingId::kInitialWindowSize) {
      has_window = true;
      widest = std::max(widest, setting.value);
    }
  });
  // The entries count one after the other, but the streams are looked at once, however many there
  // are.
  if (violation == Violation::kNone && has_window) violation = ChangeSendWindows(widest);
  if (violation != Violation::kNone) return Refuse(violation, kConnectionStreamId, event);
  deadlines_.preface = kNever;
  WriteSettingsAck(output_);
  return !QueueReply() && Refuse(Violation::kTooManyReplies, kConnectionStreamId, event);
}

// SETTINGS_INITIAL_WINDOW_SIZE has become peer_.initial_window_size(), and was `widest` on the way.
Violation Connection::ChangeSendWindows(uint32_t widest) {
  const auto max_delta = [this] {
    SendWindows::Delta max = 0;
    streams_.ForEach([&max](const Stream& stream) {
      if (!stream.is_closed) max = std::max(max, stream.send_delta);
    });
    return max;
  };
  if (!send_windows_.SetInitial(widest, max_delta) ||
      !send_windows_.SetInitial(peer_.initial_window_size(), max_delta)) {
    return Violation::kInitialWindowOverflow;
  }
  scheduler_.UpdateAll([this](const SendQueue& queue) { return HasWindow(queue.stream()); });
  return Violation::kNone;
}

bool Connection::OnSettingsAck(const Frame& frame, Event* event) {
  if (frame.header.length != 0) {
    return Refuse(Violation::kSettingsAckWithPayload, kConnectionStreamId, event);
  }
  if (has_settings_ack_) {
    return Refuse(Violation::kSettingsAckUnexpected, kConnectionStreamId, event);
  }
  const uint32_t before = InitialReceiveWindow();
  has_settings_ack_ = true;
  deadlines_.settings_ack = kNever;
  if (InitialReceiveWindow() != before) ResizeReceiveWindows();
  return false;
}

bool Connection::OnPing(const Frame& frame, Event* event) {
  const uint64_t payload = ParsePing(frame);
  if (frame.header.Has(flags::kAck)) return OnPingAck(payload, event);
  WritePing(output_, payload, /*is_ack=*/true);
  const Violation abuse = guard_.OnPing(now_, streams_.open() != 0);
  if (abuse != Violation::kNone) return Refuse(abuse, kConnectionStreamId, event);
  return !QueueReply() && Refuse(Violation::kTooManyReplies, kConnectionStreamId, event);
}

bool Connection::OnPingAck(uint64_t payload, Event* event) {
  if (payload == kDrainPing) {
    ConfirmDrain();
    return false;
  }
  if (payload == kKeepalivePing && has_keepalive_ping_) return false;  // any octet would have done
  if (pings_outstanding_ == 0) return OnGlitch(event);
  --pings_outstanding_;
  *event = Event{};
  event->kind = Event::Kind::kPingAcked;
  event->ping_payload = payload;
  return true;
}

bool Connection::OnGoAway(const Frame& frame, Event* event) {
  if (is_peer_going_away_) return OnGlitch(event);
  is_peer_going_away_ = true;
  *event = Event{};
  event->kind = Event::Kind::kPeerGoingAway;
  event->error_code = ParseGoAway(frame);
  return true;
}

}  // namespace weir::http2
