// How does a client compress its header fields (RFC 7541), as one real client or another does?
//
// The encoder keeps the dynamic table and writes each representation on demand; which field is
// written in which way is for its user to say (client_headers.h), because that is where clients
// differ.
#ifndef WEIR_BENCH_LOAD_HEADER_ENCODER_H_
#define WEIR_BENCH_LOAD_HEADER_ENCODER_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "transport/base/buffer.h"
#include "transport/http2/hpack_cursor.h"

namespace load {

struct EncoderStyle {
  // A string is Huffman-coded when that makes it shorter.
  bool huffman = false;
  // A literal field refers to its name where a table holds it.
  bool names_by_index = true;
  // Of two static rows with the same name, the last one stands for the name; otherwise the first.
  bool last_static_name = false;
};

// The index of a field in the static table (RFC 7541 appendix A); 0 when it is not there. Knows the
// rows that a request of gRPC can use.
uint32_t StaticFieldIndex(std::string_view name, std::string_view value);

class HeaderEncoder {
 public:
  // What the dynamic table is never larger than, whatever the peer allows: the default of RFC 9113,
  // which the clients imitated here keep to.
  static constexpr uint32_t kLargestTable = 4096;

  // Names an entry of the dynamic table for as long as the encoder lives; 0 names none.
  using Entry = uint64_t;

  explicit HeaderEncoder(EncoderStyle style) : style_(style) {}

  // The peer's SETTINGS_HEADER_TABLE_SIZE. The next block must begin with AppendSizeUpdates().
  void SetTableSize(uint32_t size);
  bool has_size_update() const { return has_size_update_; }
  // Does nothing when there is no change to announce (RFC 7541 §4.2).
  void AppendSizeUpdates(weir::Buffer* out);

  // What was inserted last: it tells whether anything was inserted in between.
  Entry newest() const { return newest_; }
  // The newest entry with this field; 0 when there is none.
  Entry Find(std::string_view name, std::string_view value) const;

  // An indexed field of the static table.
  void AppendStatic(uint32_t index, weir::Buffer* out);
  // An indexed field of the dynamic table. False when the entry has left it: nothing is written.
  bool AppendEntry(Entry entry, weir::Buffer* out);
  // A literal field that enters the table, pushing older ones out. Returns its entry; 0 when it is
  // larger than the table, and so written without indexing.
  Entry Insert(std::string_view name, std::string_view value, weir::Buffer* out);
  // A literal field without indexing.
  void AppendLiteral(std::string_view name, std::string_view value, weir::Buffer* out);

 private:
  struct Field {
    std::string name;
    std::string value;
  };

  uint32_t IndexOf(Entry entry) const;
  uint32_t NameIndex(std::string_view name) const;
  void Evict(uint32_t size_max);
  void AppendField(weir::http2::HpackForm form, std::string_view name, std::string_view value,
                   weir::Buffer* out);

  const EncoderStyle style_;
  std::deque<Field> table_;  // the newest entry is the last
  Entry newest_ = 0;
  uint32_t size_ = 0;  // of the table, as RFC 7541 §4.1 counts
  uint32_t size_max_ = kLargestTable;
  uint32_t smallest_max_ = kLargestTable;  // since the last block
  bool has_size_update_ = false;
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_HEADER_ENCODER_H_
