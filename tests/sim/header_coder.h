// Header blocks by nghttp2's coder alone, fresh for each connection: what both ends of the
// simulated wire are held to (RFC 7541).
#ifndef WEIR_TESTS_SIM_HEADER_CODER_H_
#define WEIR_TESTS_SIM_HEADER_CODER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct nghttp2_hd_deflater;
struct nghttp2_hd_inflater;

namespace weir::sim {

struct Field {
  std::string name;
  std::string value;
  bool is_indexed = false;  // may go into the dynamic table
};
using Fields = std::vector<Field>;

const std::string* FindField(const Fields& fields, std::string_view name);

class HeaderEncoder {
 public:
  std::string Encode(const Fields& fields);

 private:
  struct Deleter {
    void operator()(nghttp2_hd_deflater* coder) const;
  };
  std::unique_ptr<nghttp2_hd_deflater, Deleter> coder_;
};

class HeaderDecoder {
 public:
  // The peer has acknowledged these values of SETTINGS_HEADER_TABLE_SIZE, in order.
  void SetTableSize(uint32_t size);
  // False when the block is not what an encoder in step with this decoder would send.
  [[nodiscard]] bool Decode(std::string_view block, Fields* fields);

 private:
  struct Deleter {
    void operator()(nghttp2_hd_inflater* coder) const;
  };
  nghttp2_hd_inflater& coder();

  std::unique_ptr<nghttp2_hd_inflater, Deleter> coder_;
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_HEADER_CODER_H_
