// One HTTP/2 connection, server side, as a value: bytes and time in, events and bytes out
// (RFC 9113).
//
// There is no socket, clock, thread or callback in here. The owner moves bytes, reads events and
// gives commands:
//
//   connection.Receive(bytes, now);
//   while (connection.Next(&event)) ...;          // commands may be given between events
//   for (;;) { n = connection.Output(iovecs); ... writev ...; connection.OutputWritten(written); }
//   arm a timer for connection.NextDeadline() and then call connection.OnDeadline(now);
//
// Thread-compatible; confined to its worker.
#ifndef WEIR_TRANSPORT_HTTP2_CONNECTION_H_
#define WEIR_TRANSPORT_HTTP2_CONNECTION_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/base/intrusive_list.h"
#include "transport/base/time.h"
#include "transport/http2/dormant_connection.h"
#include "transport/http2/error_code.h"
#include "transport/http2/event.h"
#include "transport/http2/field_block.h"
#include "transport/http2/field_decoder.h"
#include "transport/http2/field_encoder.h"
#include "transport/http2/frame_reader.h"
#include "transport/http2/options.h"
#include "transport/http2/output_buffer.h"
#include "transport/http2/output_fields.h"
#include "transport/http2/output_scheduler.h"
#include "transport/http2/receive_budget.h"
#include "transport/http2/shutdown.h"
#include "transport/http2/stream_store.h"
#include "transport/http2/violation.h"
#include "transport/http2/window.h"

namespace weir::http2 {

class Connection : private LastingState {
 public:
  // `options` and `counters` must outlive the connection. Our SETTINGS, and the WINDOW_UPDATE that
  // widens the connection window, are the first output.
  Connection(const ConnectionOptions& options, ConnectionCounters& counters, TimePoint now);
  // Goes on where FallDormant() stopped. Leaves nothing in `dormant`.
  explicit Connection(DormantConnection& dormant);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // ---- Input: pulled, never called back.

  // Feeds the next bytes of the peer's stream, split anywhere. The caller keeps them valid until
  // Next() returns false, and calls this only after it did for the bytes before. Ignored once the
  // connection has failed or was closed.
  void Receive(ByteView bytes, TimePoint now);

  // Takes one event, in the order of the peer's stream of bytes; stops parsing when it has one.
  // Also yields what Output(), OnDeadline() and commands caused. False when there is nothing more
  // until bytes or time arrive.
  [[nodiscard]] bool Next(Event* event);

  // False while unwritten output or replies are over their marks, or no more input will be
  // interpreted: stop reading the socket, and ask again after writing.
  bool WantsInput() const;

  // Bytes of partial frames and header blocks carried over from earlier calls, plus unwritten
  // output and queued DATA: 0 on an idle connection.
  size_t buffered_bytes() const;
  // The DATA among that: it has not been framed yet.
  size_t queued_bytes() const { return scheduler_.queued_bytes(); }

  // ---- Commands on streams. On a key whose stream is over they do nothing and return
  // false, nullptr or 0.

  // Attaches a pointer that comes back in the stream's events.
  void SetUser(StreamKey key, void* user);

  // Sends the response headers (HEADERS without END_STREAM). At most once a stream, and before any
  // DATA. Encoded at once.
  void SendHeaders(StreamKey key, OutputFields fields);
  void SendHeaders(StreamKey key, const FieldTemplate& fields);

  // A place for the payload of one DATA frame of exactly `size` bytes, directly in the output, if
  // it can be framed now: `size` fits a frame and both windows, nothing of this or another stream
  // waits, and the output is below ConnectionOptions::output_batch_bytes. Otherwise nullptr: use
  // SendData. Must be filled before the next call on this connection.
  [[nodiscard]] uint8_t* PlaceData(StreamKey key, size_t size);

  // Queues DATA. Output() frames it when the windows and the other streams allow. Any size.
  void SendData(StreamKey key, Buffer bytes);

  // Ends the response with a field section (HEADERS with END_STREAM) behind all queued DATA. When
  // the peer has not ended its half by then, RST_STREAM(NO_ERROR) follows (RFC 9113 §8.1). Without
  // SendHeaders before, this is the only field section of the response. Fields are copied only if
  // they must wait behind DATA.
  void SendTrailers(StreamKey key, OutputFields fields);
  void SendTrailers(StreamKey key, const FieldTemplate& fields);

  // Ends both halves with RST_STREAM and drops queued DATA. No event follows.
  void ResetStream(StreamKey key, ErrorCode code);

  // Gives the window of consumed DATA back to the stream: WINDOW_UPDATE when half a window has come
  // together, never after the peer's END_STREAM.
  void ReleaseWindow(StreamKey key, size_t bytes);

  // Lets at least `bytes` arrive on the stream from now on, even where that is more than its
  // window: sends WINDOW_UPDATE at once if the connection's receive budget allows, else when it
  // does. What this granted beyond the window is withheld from later ReleaseWindow calls, so that
  // the stream falls back to its usual window. Returns whether that much may arrive now.
  bool ExtendWindow(StreamKey key, size_t bytes);

  // The layer above is done with the stream: it gets no more events, and the key is dead once the
  // stream is closed on the wire. Queued DATA and trailers are still sent; a response that nothing
  // queued would end is reset with CANCEL. Every kRequestStarted must be matched by exactly one
  // call, also after kStreamReset and kConnectionFailed (or by destroying the connection); until
  // then the stream counts against ConnectionOptions::max_concurrent_streams.
  void ReleaseStream(StreamKey key);

  // DATA bytes taken by SendData and not yet framed.
  size_t QueuedBytes(StreamKey key) const;

  // True when the response can still be sent and less than its high mark is queued. After false
  // because of the mark, kStreamWritable follows.
  bool IsWritable(StreamKey key) const;

  // The layer above finds nothing wrong with the last kStreamReset that came from the peer (the
  // deadline of the request had come): it does not count as premature.
  void ExcuseReset();

  // ---- Commands on the connection.

  // Replaces ConnectionOptions::connection_age_max for this connection: every one should have
  // another, lest all clients come back at once.
  void LimitAge(Duration age);

  // Sends a PING; kPingAcked brings `payload` back.
  void Ping(uint64_t payload);

  // Ends the connection gracefully (RFC 9113 §6.8): GOAWAY(2^31-1) and a PING; when that is
  // answered, or after ConnectionOptions::drain_ping_timeout, GOAWAY(highest stream processed).
  // Streams up to it go on to their end. `debug` goes into both as debug data. Idempotent.
  void BeginDrain(std::string_view debug);

  // Ends the connection at once: GOAWAY(highest stream processed, code) is the last frame, no more
  // input is interpreted and no event follows. Idempotent.
  void CloseNow(ErrorCode code, std::string_view debug);

  // What remains to be done when one of these functions has thrown std::bad_alloc, the only thing
  // they throw, and may have done half of its work: drops everything without a word. Every key is
  // dead from now on, and every command does nothing. Idempotent; allocates nothing.
  void Abandon();

  // ---- Output.

  // Frames what may be sent and describes it, as far as there are iovecs; returns how many were
  // filled, 0 when there is nothing. Valid until the next call. Beyond
  // ConnectionOptions::output_batch_bytes, large payloads that are queued are framed up to
  // `lent_bytes_max`, unless so much waits already: they are not copied, but the choice between
  // streams comes early.
  size_t Output(std::span<iovec> out, size_t lent_bytes_max = 0);
  // The same, without framing any DATA that is queued.
  size_t FramedOutput(std::span<iovec> out) const { return output_.Describe(out); }

  // The first `bytes` bytes of what Output() described were written.
  void OutputWritten(size_t bytes);

  // True when Output() would have something.
  bool HasOutput() const;
  // True when Output() would have nothing but large payloads to frame, and eight batches of them
  // (512 KiB by default): who sends that is in no hurry.
  bool HasLargeOutput() const { return scheduler_.has_ready() && AreLargeReady(); }

  // True when there is nothing left to do: failed, closed or drained, and all output is written.
  // The socket should be closed.
  bool IsFinished() const;

  // ---- Time.

  // When OnDeadline() should be called, or kNever. Can change with every call.
  TimePoint NextDeadline() const;
  void OnDeadline(TimePoint now);

  // ---- Sleep.

  // True when its memory was given back for want of traffic, and all that is left to remember fits
  // in a DormantConnection.
  bool CanFallDormant() const { return deadlines_.idle == kNever && IsQuiet(); }
  // If so: what a connection is made from when it has to go on. This one must not be used any more.
  std::unique_ptr<DormantConnection> FallDormant();

  // ---- Facts.

  size_t open_streams() const;  // as counted against max_concurrent_streams
  bool is_draining() const;     // BeginDrain() was called
  bool has_failed() const;      // kConnectionFailed was or will be delivered
  // SETTINGS_MAX_HEADER_LIST_SIZE of the peer; SIZE_MAX when it set none.
  size_t peer_header_list_size_max() const;
  // The peer has finished its preface: it is no stranger.
  bool is_established() const { return deadlines_.preface == kNever; }
  // DATA bytes of the stream that waits for its window with the most of them; 0 if none waits.
  // `stream`, if given, is set to its key.
  size_t LargestStalledStream(StreamKey* stream);
  // Gives such a stream up for want of memory: kStreamReset follows.
  void GiveUpStalledStream(StreamKey key);

 private:
  // Payloads of our own PINGs: "drain!!!" between the two GOAWAYs, and "alive???".
  static constexpr uint64_t kDrainPing = 0x64'72'61'69'6e'21'21'21;
  static constexpr uint64_t kKeepalivePing = 0x61'6c'69'76'65'3f'3f'3f;

  // When something has to happen if nothing else does, beside quiet_deadlines_.
  struct Deadlines {
    TimePoint preface = kNever;
    TimePoint settings_ack = kNever;
    TimePoint header_block = kNever;
    TimePoint drain = kNever;
    TimePoint idle = kNever;
    TimePoint stall = kNever;
  };

  // Receiving. A handler returns true when it filled `event`.
  bool OnFrame(const Frame& frame, Event* event);
  bool OnData(const Frame& frame, Event* event);
  bool OnHeaders(const Frame& frame, Event* event);
  bool OnContinuation(const Frame& frame, Event* event);
  bool OnPriority(const Frame& frame, Event* event);
  bool OnRstStream(const Frame& frame, Event* event);
  bool OnSettings(const Frame& frame, Event* event);
  bool OnSettingsAck(const Frame& frame, Event* event);
  bool OnPing(const Frame& frame, Event* event);
  bool OnPingAck(uint64_t payload, Event* event);
  bool OnGoAway(const Frame& frame, Event* event);
  bool OnWindowUpdate(const Frame& frame, Event* event);
  Violation AdmitData(const Frame& frame, Stream** stream);
  bool OnFieldBlock(ByteView octets, Event* event);
  bool OnRequest(ByteView octets, Event* event);
  bool OnTrailers(Stream& stream, ByteView octets, Event* event);
  bool OnGlitch(Event* event);
  Violation ChangeSendWindows(uint32_t widest);

  // Receive windows.
  void CreditConnection(uint32_t bytes);
  uint32_t InitialReceiveWindow() const;
  void ResizeReceiveWindows();
  uint32_t GrowWindow(Stream& stream);
  bool TryExtendWindow(Stream& stream);
  void AnnounceExtension(Stream& stream);
  void ServeWaitingStreams();
  void EndReceiveWindow(Stream& stream);
  bool IsPressed(MemoryPressure level) const;

  // What becomes of a violation, and the events that are due.
  bool Refuse(Violation violation, StreamId id, Event* event);
  bool RefuseStream(const ViolationRow& row, StreamId id, Event* event);
  bool DropResponse(Stream& stream, const ViolationRow& row, Event* event);
  void CountStreamError(const ViolationRow& row);
  bool CloseRefused(Stream& stream, const ViolationRow& row, Event* event);
  void Fail(Violation violation);
  bool NextFailure(Event* event);
  bool NextStreamEnded(Event* event);
  bool NextStreamOutput(Event* event);
  bool NextDrainBegun(Event* event);
  bool AfterInput(Event* event);
  static void FillStreamEvent(const Stream& stream, Event::Kind kind, Event* event);

  // Sending.
  Stream* FindOpen(StreamKey key);
  const Stream* FindOpen(StreamKey key) const;
  Stream* FindForSending(StreamKey key, SendInput input);
  template <typename Fields>
  void WriteHeaders(StreamKey key, const Fields& fields);
  template <typename Fields>
  void WriteOrQueueTrailers(StreamKey key, const Fields& fields);
  template <typename Fields>
  void WriteTrailers(Stream& stream, const Fields& fields);
  void WriteWaitingTrailers(Stream& stream);
  void FrameQueuedData(size_t lent_bytes_max);
  static bool IsLarge(const SendQueue& queue);
  bool AreLargeReady() const;
  int64_t SendWindow(const Stream& stream) const;
  uint32_t NextFrameSize(const SendQueue& queue) const;
  void FrameData(SendQueue& queue, uint32_t size);
  bool HasWindow(const Stream& stream) const;
  bool QueueReply();
  void WriteReset(StreamId id, ErrorCode code);
  void ResetOpenStream(Stream& stream, ErrorCode code);
  void CloseStream(Stream& stream, ReceiveState how);

  // The end, and time.
  void ConfirmDrain();
  void EndEverything();
  bool IsQuiet() const;
  TimePoint EarliestForPeer() const;
  void OnPeerDeadline();
  void OnDrainDeadline();
  void ArmIdleDeadline();
  void OnIdleDeadline();
  void OnStallDeadline();
  void GiveUp(SendQueue& queue, Violation reason);
  void OnKeepaliveDeadline();
  void OnUnusedDeadline();
  void OnAgeDeadline();
  void DrainByItself(Limit limit, std::string_view debug);

  FrameReader reader_;
  FieldBlock block_;  // the one CONTINUATION goes on with
  FieldDecoder decoder_;
  ReceiveBudget budget_;
  StreamKey data_stream_;   // whom further pieces of a DATA frame go to
  StreamKey ended_stream_;  // about whom kStreamEnded is due
  bool has_settings_ack_ = false;
  bool is_paused_ = false;
  bool is_reset_premature_ = false;  // the last RST_STREAM of the peer
  bool is_drain_event_due_ = false;
  Violation failure_ = Violation::kNone;  // about which kConnectionFailed is due

  StreamStore streams_;
  Shutdown shutdown_;
  Deadlines deadlines_;
  // False while a deadline only asks for the time, because on a quiet connection the last time that
  // was told can be hours old: it was set to that, and the clock starts where it is found over.
  bool has_drain_clock_ = false;
  bool is_too_old_ = false;  // the drain is because of its age
  std::string drain_debug_;

  FieldEncoder encoder_;
  OutputScheduler scheduler_;
  IntrusiveList<SendQueue, InEvents> writable_;
  OutputBuffer output_;
  ReplyBacklog replies_;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_CONNECTION_H_
