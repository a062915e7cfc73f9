#include "tests/hostile/tls_records.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <span>

namespace hostile {
namespace {

using namespace std::chrono_literals;

constexpr size_t kTagBytes = 16;
constexpr std::string_view kSecretLabel = "CLIENT_TRAFFIC_SECRET_0 ";

// The secret in a log of keys, where it is written in hex behind the client's random.
std::string FindSecret(std::string_view log) {
  const size_t label = log.find(kSecretLabel);
  if (label == std::string_view::npos) return "";
  const std::string_view line = log.substr(label, log.find('\n', label) - label);
  const std::string_view hex = line.substr(line.rfind(' ') + 1);
  std::string secret;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    secret += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return secret;
}

// HKDF-Expand-Label without a context, for what fits into one hash (RFC 8446 §7.1).
void ExpandLabel(std::string_view secret, std::string_view label, std::span<uint8_t> out) {
  const std::string full = "tls13 " + std::string(label);
  std::string info;
  info += '\0';
  info += static_cast<char>(out.size());
  info += static_cast<char>(full.size());
  info += full;
  info += '\0';    // of the context
  info += '\x01';  // the first block of HKDF-Expand (RFC 5869 §2.3)
  std::array<uint8_t, EVP_MAX_MD_SIZE> hash;
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const uint8_t*>(info.data()), info.size(), hash.data(), &size);
  std::copy_n(hash.begin(), out.size(), out.begin());
}

}  // namespace

std::optional<RecordWriter> RecordWriter::ShakeHands(int fd) {
  const SslPtr ssl = MakeTlsClient(fd, {.oldest = TLS1_3_VERSION});
  std::string keys;
  SSL_set_app_data(ssl.get(), &keys);
  SSL_set_ciphersuites(ssl.get(), "TLS_AES_128_GCM_SHA256");
  const bool is_done = hostile::ShakeHands(ssl.get(), 3s).is_done;
  SSL_set_app_data(ssl.get(), nullptr);
  const std::string secret = FindSecret(keys);
  if (!is_done || secret.empty()) return std::nullopt;
  return RecordWriter(secret);
}

RecordWriter::RecordWriter(std::string_view traffic_secret) {
  ExpandLabel(traffic_secret, "key", key_);
  ExpandLabel(traffic_secret, "iv", iv_);
}

std::string RecordWriter::Write(ContentType type, std::string_view content) {
  std::string inner(content);
  inner += static_cast<char>(type);
  const size_t size = inner.size() + kTagBytes;
  std::string record = "\x17\x03\x03";
  record += static_cast<char>(size >> 8);
  record += static_cast<char>(size);
  const size_t header = record.size();
  record.resize(header + size);

  // The nonce is the sequence number, padded, over the static one (RFC 8446 §5.3).
  std::array<uint8_t, kIvBytes> nonce = iv_;
  for (size_t i = 0; i < sizeof sequence_; ++i) {
    nonce[kIvBytes - 1 - i] ^= static_cast<uint8_t>(sequence_ >> (8 * i));
  }
  ++sequence_;

  auto* const bytes = reinterpret_cast<uint8_t*>(record.data());
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> cipher(EVP_CIPHER_CTX_new(),
                                                                          EVP_CIPHER_CTX_free);
  int written = 0;
  EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_gcm(), nullptr, key_.data(), nonce.data());
  EVP_EncryptUpdate(cipher.get(), nullptr, &written, bytes, static_cast<int>(header));
  EVP_EncryptUpdate(cipher.get(), bytes + header, &written,
                    reinterpret_cast<const uint8_t*>(inner.data()), static_cast<int>(inner.size()));
  EVP_EncryptFinal_ex(cipher.get(), bytes + header + written, &written);
  EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes),
                      bytes + header + inner.size());
  return record;
}

}  // namespace hostile
