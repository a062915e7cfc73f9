// gzip for one message (RFC 1952), by zlib itself: the generator is to judge the server's
// compressor, so it does not use the server's.
#ifndef WEIR_BENCH_LOAD_GZIP_H_
#define WEIR_BENCH_LOAD_GZIP_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace load {

std::string Gzip(std::string_view message);

// Nothing when the text is damaged, cut short, followed by something else, or inflates to more
// than `size_max` octets.
std::optional<std::string> Gunzip(std::string_view compressed, size_t size_max);

}  // namespace load

#endif  // WEIR_BENCH_LOAD_GZIP_H_
