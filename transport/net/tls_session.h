// The TLS of one connection, server side: bytes in, bytes out, no socket.
#ifndef WEIR_TRANSPORT_NET_TLS_SESSION_H_
#define WEIR_TRANSPORT_NET_TLS_SESSION_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/net/tls_context.h"
#include "transport/net/tls_peer.h"

struct ssl_st;

namespace weir::net {

// How one ReadPlaintext ended.
struct TlsReadResult {
  enum class Kind : uint8_t {
    kOk,        // `bytes` of plaintext; there may be more
    kWantMore,  // all ciphertext is consumed and gave no (further) plaintext
    kClosed,    // the client said that it sends nothing more (close_notify)
    kFailed,    // failure() says why; an alert may be pending
  };

  Kind kind = Kind::kWantMore;
  size_t bytes = 0;
};

// What the driver does:
//   bytes from the socket ─► Feed, then ReadPlaintext until it does not return kOk
//   bytes to send ─► Write
//   after either: PendingCiphertext to the socket, CiphertextWritten
// The handshake happens inside ReadPlaintext. Output is pending in every state, also after a
// failure (the alert).
//
// Nothing a peer sends makes it abort, or keep more than one record. Pending ciphertext grows with
// what is written, and with the replies the protocol owes the peer, which the peer pays for byte by
// byte: a driver that stops feeding while much is pending bounds both. An idle session owns no
// buffers; what remains is the state of OpenSSL 3.0, 14 KB by measurement. Confined to one thread
// at a time.
class TlsSession {
 public:
  // nullptr only when memory is exhausted.
  static std::unique_ptr<TlsSession> Create(const TlsContext& context);

  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Gives bytes that came from the peer, in any split. They are not copied and must stay valid
  // until ReadPlaintext has returned anything but kOk; only then may more be fed.
  void Feed(ByteView ciphertext);

  // Decrypts into `into`, which must not be empty, at most one record (16 KiB) per call.
  [[nodiscard]] TlsReadResult ReadPlaintext(std::span<uint8_t> into);

  // Encrypts all of `parts`, in as few records as possible (16 KiB each). False when the handshake
  // is not done, close_notify was sent, or the session has failed; nothing is written then.
  [[nodiscard]] bool Write(std::span<const iovec> parts);
  [[nodiscard]] bool Write(ByteView plaintext);

  // What is to be sent to the peer, valid until the next call of another method. Empty when there
  // is nothing.
  ByteView PendingCiphertext() const;
  // The first `bytes` of it have been sent.
  void CiphertextWritten(size_t bytes);

  // Tells the peer that nothing more comes (RFC 8446 §6.1). Reading goes on. Idempotent; does
  // nothing before the end of the handshake or after a failure.
  void SendCloseNotify();

  bool IsHandshakeDone() const { return is_handshake_done_; }
  bool has_failed() const { return !failure_.empty(); }

  // Why the session failed, in words for a log; empty while it has not.
  const std::string& failure() const { return failure_; }

  // The rest is known when the handshake is done.

  // "h2".
  std::string_view alpn() const;
  // Whether the client resumed an earlier session by ticket.
  bool is_resumed() const;
  // "TLSv1.3".
  std::string_view version() const;
  // The IANA name: "TLS_AES_128_GCM_SHA256".
  std::string_view cipher() const;
  // The name the client asked for (SNI); empty if none.
  std::string_view server_name() const;
  // Who the client is; nothing when it showed no certificate. Parses the certificate: ask once.
  std::optional<TlsPeer> Peer() const;

 private:
  // What OpenSSL calls: the session's input and output as a BIO, and the watch over its messages.
  friend struct TlsSessionCallbacks;

  explicit TlsSession(ssl_st* ssl);

  TlsReadResult HandleFailedRead(int result);
  void Fail(std::string reason);
  bool WriteRecords(ByteView plaintext);
  void AppendOutput(ByteView ciphertext);

  ssl_st* ssl_;
  ByteView input_;  // fed and not yet consumed
  Buffer output_;   // ciphertext; sent up to output_sent_
  size_t output_sent_ = 0;
  int key_updates_ = 0;  // messages since the last data
  bool is_handshake_done_ = false;
  bool is_close_notify_sent_ = false;
  bool was_renegotiation_refused_ = false;
  std::string failure_;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_TLS_SESSION_H_
