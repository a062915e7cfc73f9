#include "transport/net/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "transport/base/check.h"
#include "transport/net/tls_error.h"
#include "transport/net/tls_handle.h"

namespace weir::net {

namespace {

// RFC 8446 §5.1.
constexpr size_t kRecordBytesMax = 16 * 1024;
// Header, nonce, tag and content type of a record, in either version, rounded up.
constexpr size_t kRecordOverheadMax = 64;

// A client has reason to update keys once in 2^24 records (RFC 8446 §5.5). Each costs the server
// two key derivations for 27 octets, so a run of them without data is a flood. OpenSSL bounds runs
// of empty records and of warnings in the same way, and by numbers of this size, but not these.
constexpr int kKeyUpdatesMax = 32;

// Sent ciphertext in front of unsent is tolerated up to this size before the rest is moved forward.
constexpr size_t kSentBytesMax = 64 * 1024;

std::string DescribeHandshakeFailure(const SSL* ssl) {
  const int reason = ERR_GET_REASON(ERR_peek_error());
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const long cause = SSL_get_verify_result(ssl);
    ERR_clear_error();
    return std::string("the client's certificate does not verify: ") +
           X509_verify_cert_error_string(cause);
  }
  const bool is_not_tls = reason == SSL_R_HTTP_REQUEST || reason == SSL_R_WRONG_VERSION_NUMBER;
  const std::string cause = TakeTlsError("the bytes make no sense");
  return is_not_tls ? "the client does not speak TLS (" + cause + ")"
                    : "TLS handshake failed: " + cause;
}

}  // namespace

struct TlsSessionCallbacks {
  static TlsSession& SessionOf(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  static bool IsFlooding(const TlsSession& session) {
    return session.was_renegotiation_refused_ || session.key_updates_ > kKeyUpdatesMax;
  }

  static int ReadInput(BIO* bio, char* into, int capacity) {
    TlsSession& session = SessionOf(bio);
    BIO_clear_retry_flags(bio);
    // An error, so that OpenSSL does not go on to the next of a thousand such messages.
    if (IsFlooding(session)) return -1;
    if (session.input_.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const size_t count = std::min(session.input_.size(), static_cast<size_t>(capacity));
    std::memcpy(into, session.input_.data(), count);
    session.input_ = session.input_.subspan(count);
    return static_cast<int>(count);
  }

  static int WriteOutput(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    // What is written in C is in no state to be left by an exception: to OpenSSL, and so to the
    // session, a lack of memory is a failure of the transport.
    try {
      SessionOf(bio).AppendOutput(AsBytes({data, static_cast<size_t>(size)}));
    } catch (const std::bad_alloc&) {
      return -1;
    }
    return size;
  }

  static long Control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static const BIO_METHOD* Method() {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir session");
      if (made == nullptr) return made;
      BIO_meth_set_read(made, ReadInput);
      BIO_meth_set_write(made, WriteOutput);
      BIO_meth_set_ctrl(made, Control);
      return made;
    }();
    return method;
  }

  // Sees every message in both directions.
  static void OnMessage(int is_written, int /*version*/, int content_type, const void* data,
                        size_t size, SSL* /*ssl*/, void* argument) {
    auto& session = *static_cast<TlsSession*>(argument);
    const auto* octets = static_cast<const uint8_t*>(data);
    if (content_type == SSL3_RT_HANDSHAKE && is_written == 0 && size > 0) {
      if (octets[0] == SSL3_MT_KEY_UPDATE) ++session.key_updates_;
    }
    // SSL_OP_NO_RENEGOTIATION answers a request with this warning and carries on.
    if (content_type == SSL3_RT_ALERT && is_written == 1 && size == 2) {
      if (octets[1] == SSL_AD_NO_RENEGOTIATION) session.was_renegotiation_refused_ = true;
    }
  }
};

std::unique_ptr<TlsSession> TlsSession::Create(const TlsContext& context) {
  const BIO_METHOD* method = TlsSessionCallbacks::Method();
  if (method == nullptr) return nullptr;
  TlsHandle<SSL, SSL_free> handle(SSL_new(context.context_));
  TlsHandle<BIO, BIO_free> transport(BIO_new(method));
  if (handle == nullptr || transport == nullptr) return nullptr;
  std::unique_ptr<TlsSession> session(new TlsSession(handle.get()));
  SSL* const ssl = handle.release();
  BIO* const bio = transport.release();
  BIO_set_data(bio, session.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);  // takes the BIO over
  SSL_set_msg_callback(ssl, TlsSessionCallbacks::OnMessage);
  SSL_set_msg_callback_arg(ssl, session.get());
  SSL_set_accept_state(ssl);
  return session;
}

TlsSession::TlsSession(ssl_st* ssl) : ssl_(ssl) {}

TlsSession::~TlsSession() { SSL_free(ssl_); }

void TlsSession::Feed(ByteView ciphertext) {
  WEIR_CHECK(input_.empty());
  input_ = ciphertext;
}

TlsReadResult TlsSession::ReadPlaintext(std::span<uint8_t> into) {
  WEIR_DCHECK(!into.empty());
  if (has_failed()) {
    input_ = ByteView();
    return {TlsReadResult::Kind::kFailed, 0};
  }
  // After the last whole record of what was fed, OpenSSL would say the same, and take long to.
  if (is_handshake_done_ && input_.empty() && SSL_has_pending(ssl_) == 0) {
    return {TlsReadResult::Kind::kWantMore, 0};
  }
  ERR_clear_error();  // what another user of this thread may have left would be taken for ours
  size_t bytes = 0;
  const int result = SSL_read_ex(ssl_, into.data(), into.size(), &bytes);
  if (!is_handshake_done_) is_handshake_done_ = SSL_is_init_finished(ssl_) == 1;
  if (result != 1) return HandleFailedRead(result);
  key_updates_ = 0;
  return {TlsReadResult::Kind::kOk, bytes};
}

TlsReadResult TlsSession::HandleFailedRead(int result) {
  const int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_READ) {
    WEIR_DCHECK(input_.empty());  // OpenSSL waits for more only when there is none
    return {TlsReadResult::Kind::kWantMore, 0};
  }
  if (error == SSL_ERROR_ZERO_RETURN) {
    input_ = ByteView();
    return {TlsReadResult::Kind::kClosed, 0};
  }
  if (was_renegotiation_refused_) {
    Fail("the client asked for a renegotiation");
  } else if (key_updates_ > kKeyUpdatesMax) {
    Fail("the client updated its keys " + std::to_string(key_updates_) +
         " times without sending data");
  } else if (is_handshake_done_) {
    Fail("TLS failed: " + TakeTlsError("the bytes make no sense"));
  } else {
    Fail(DescribeHandshakeFailure(ssl_));
  }
  return {TlsReadResult::Kind::kFailed, 0};
}

void TlsSession::Fail(std::string reason) {
  failure_ = std::move(reason);
  ERR_clear_error();
  input_ = ByteView();
}

bool TlsSession::Write(ByteView plaintext) {
  const iovec part{const_cast<uint8_t*>(plaintext.data()), plaintext.size()};
  return Write(std::span(&part, 1));
}

bool TlsSession::Write(std::span<const iovec> parts) {
  if (!is_handshake_done_ || is_close_notify_sent_ || has_failed()) return false;
  ERR_clear_error();
  size_t total = 0;
  for (const iovec& part : parts) total += part.iov_len;
  if (total == 0) return true;
  if (output_.empty()) {  // else it grows by doubling
    const size_t records = total / kRecordBytesMax + 2;
    output_.Reserve(total + records * kRecordOverheadMax);
  }

  // Small parts are gathered into whole records. What fills records by itself, or comes last with
  // nothing gathered before it, is encrypted from where it is.
  std::array<uint8_t, kRecordBytesMax> gathered;
  size_t gathered_bytes = 0;
  for (const iovec& part : parts) {
    const bool is_last = &part == &parts.back();
    ByteView rest(static_cast<const uint8_t*>(part.iov_base), part.iov_len);
    while (!rest.empty()) {
      if (gathered_bytes == 0 && (is_last || rest.size() >= kRecordBytesMax)) {
        const size_t direct =
            is_last ? rest.size() : rest.size() / kRecordBytesMax * kRecordBytesMax;
        if (!WriteRecords(rest.first(direct))) return false;
        rest = rest.subspan(direct);
        continue;
      }
      const size_t count = std::min(rest.size(), gathered.size() - gathered_bytes);
      std::memcpy(gathered.data() + gathered_bytes, rest.data(), count);
      gathered_bytes += count;
      rest = rest.subspan(count);
      if (gathered_bytes < gathered.size()) continue;
      if (!WriteRecords(gathered)) return false;
      gathered_bytes = 0;
    }
  }
  return gathered_bytes == 0 || WriteRecords(ByteView(gathered).first(gathered_bytes));
}

bool TlsSession::WriteRecords(ByteView plaintext) {
  size_t written = 0;
  if (SSL_write_ex(ssl_, plaintext.data(), plaintext.size(), &written) == 1) return true;
  Fail("TLS failed: " + TakeTlsError("writing is not possible"));
  return false;
}

void TlsSession::AppendOutput(ByteView ciphertext) {
  if (output_sent_ > kSentBytesMax && output_sent_ > output_.size() / 2) {
    output_.DropFront(output_sent_);
    output_sent_ = 0;
  }
  output_.Append(ciphertext);
}

ByteView TlsSession::PendingCiphertext() const { return output_.view().subspan(output_sent_); }

void TlsSession::CiphertextWritten(size_t bytes) {
  WEIR_CHECK(bytes <= output_.size() - output_sent_);
  output_sent_ += bytes;
  if (output_sent_ < output_.size()) return;
  output_.Release();
  output_sent_ = 0;
}

void TlsSession::SendCloseNotify() {
  if (!is_handshake_done_ || is_close_notify_sent_ || has_failed()) return;
  is_close_notify_sent_ = true;
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

std::string_view TlsSession::alpn() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return AsText({name, size});
}

bool TlsSession::is_resumed() const { return SSL_session_reused(ssl_) == 1; }

std::string_view TlsSession::version() const { return SSL_get_version(ssl_); }

std::string_view TlsSession::cipher() const {
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_);
  const char* name = cipher == nullptr ? nullptr : SSL_CIPHER_standard_name(cipher);
  return name == nullptr ? std::string_view() : std::string_view(name);
}

std::string_view TlsSession::server_name() const {
  const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? std::string_view() : std::string_view(name);
}

std::optional<TlsPeer> TlsSession::Peer() const {
  TlsPeer peer;
  if (!DescribeTlsPeer(ssl_, peer)) return std::nullopt;
  return peer;
}

}  // namespace weir::net
