#include "server/compressors.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "transport/grpc/compressor_gzip.h"
#include "transport/grpc/compressor_zstd.h"

namespace weir::server {
namespace {

constexpr CompressionAlgorithm kBuiltIn[] = {
    CompressionAlgorithm::kDeflate, CompressionAlgorithm::kGzip, CompressionAlgorithm::kZstd};

// A user's algorithm as the transport knows algorithms.
class AddedCompressor final : public grpc::Compressor {
 public:
  AddedCompressor(std::string_view name, std::unique_ptr<MessageCompressor> compressor)
      : name_(name), compressor_(std::move(compressor)) {}

  std::string_view name() const override { return name_; }

  bool Compress(ByteView in, Buffer* out) override {
    const bool is_done = Run(&compressed_, [&](std::string* result) {
                           return compressor_->Compress(AsText(in), result);
                         }).value_or(false);
    if (is_done) out->Append(AsBytes(compressed_));
    Trim(&compressed_);
    return is_done;
  }

  DecompressOutcome Decompress(ByteView in, size_t size_max, Buffer* out) override {
    using Outcome = MessageCompressor::DecompressOutcome;
    const Outcome outcome = Run(&message_, [&](std::string* result) {
                              return compressor_->Decompress(AsText(in), size_max, result);
                            }).value_or(Outcome::kCorrupt);
    const bool is_too_large = outcome == Outcome::kTooLarge || message_.size() > size_max;
    const bool is_done = outcome == Outcome::kOk && !is_too_large;
    if (is_done) out->Append(AsBytes(message_));
    Trim(&message_);
    if (is_done) return DecompressOutcome::kOk;
    return is_too_large && outcome != Outcome::kCorrupt ? DecompressOutcome::kTooLarge
                                                        : DecompressOutcome::kCorrupt;
  }

 private:
  // Memory of large messages is not kept.
  static void Trim(std::string* text) {
    constexpr size_t kKeptBytesMax = 64 * 1024;
    if (text->capacity() > kKeptBytesMax) *text = std::string();
  }

  // Nothing when it throws.
  template <typename Work>
  auto Run(std::string* result, Work work) -> std::optional<decltype(work(result))> {
    result->clear();
    if (compressor_ == nullptr) return std::nullopt;
    try {
      return work(result);
    } catch (...) {
      return std::nullopt;
    }
  }

  const std::string_view name_;
  const std::unique_ptr<MessageCompressor> compressor_;  // may be null; then it can do nothing
  // One for each direction, which two threads may use at once.
  std::string compressed_;
  std::string message_;
};

// Null when it fails.
std::unique_ptr<MessageCompressor> MakeOne(const MessageCompressorFactory& make) {
  try {
    return make();
  } catch (...) {
    return nullptr;
  }
}

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

}  // namespace

std::optional<std::string> Compressors::Add(std::string name, MessageCompressorFactory make) {
  if (name.empty() || !std::ranges::all_of(name, IsNameCharacter)) {
    return "AddCompressor: \"" + name +
           "\" is no name of an encoding: use lower-case letters, digits, '-', '_' and '.'";
  }
  if (name == EncodingNameOf(CompressionAlgorithm::kNone)) {
    return "AddCompressor: \"identity\" means that a message is not compressed: use another name";
  }
  if (std::ranges::find(added_, name, &Added::name) != added_.end()) {
    return "AddCompressor: \"" + name + "\" was added twice: add each algorithm once";
  }
  if (!make || MakeOne(make) == nullptr) {
    return "AddCompressor: the function for \"" + name + "\" makes nothing";
  }
  Added& added = added_.emplace_back(Added{std::move(name), {}, std::move(make)});
  added.name = added.name_text;
  return std::nullopt;
}

void Compressors::MakeFor(grpc::CompressorRegistry* thread) const {
  thread->Add(std::make_unique<grpc::DeflateCompressor>());
  thread->Add(std::make_unique<grpc::GzipCompressor>());
  thread->Add(std::make_unique<grpc::ZstdCompressor>());
  for (const Added& added : added_) {
    thread->Add(std::make_unique<AddedCompressor>(added.name, MakeOne(added.make)));
  }
}

const std::string_view* Compressors::Find(std::string_view name) const {
  for (const Added& added : added_) {
    if (added.name == name) return &added.name;
  }
  const CompressionAlgorithm built_in = AlgorithmNamed(name);
  return built_in == CompressionAlgorithm::kNone ? nullptr : &EncodingNameOf(built_in);
}

const std::string_view& EncodingNameOf(CompressionAlgorithm algorithm) {
  // In the order of the enum.
  static const std::string_view names[] = {
      grpc::EncodingName(grpc::Encoding::kIdentity), grpc::EncodingName(grpc::Encoding::kGzip),
      grpc::EncodingName(grpc::Encoding::kDeflate), grpc::EncodingName(grpc::Encoding::kZstd)};
  const auto index = static_cast<size_t>(algorithm);
  return names[index < std::size(names) ? index : 0];
}

CompressionAlgorithm AlgorithmNamed(std::string_view name) {
  const auto found = std::ranges::find(kBuiltIn, name, EncodingNameOf);
  return found == std::end(kBuiltIn) ? CompressionAlgorithm::kNone : *found;
}

}  // namespace weir::server
