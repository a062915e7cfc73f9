#include "tests/sim/trace.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace weir::sim {
namespace {

uint64_t Mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 29);
}

}  // namespace

void Trace::Add(const Line& line) {
  lines_[count_++ % kKept] = line;
  for (const char* c = line.text; *c != '\0'; ++c) hash_ = Mix(hash_, static_cast<uint8_t>(*c));
  for (const uint64_t value : {static_cast<uint64_t>(line.link), line.step,
                               static_cast<uint64_t>(line.time.time_since_epoch().count()), line.a,
                               line.b, uint64_t{line.frame.length} << 32 | line.frame.stream_id,
                               uint64_t{line.frame.type} << 8 | line.frame.flags}) {
    hash_ = Mix(hash_, value);
  }
  if (prints_) std::fputs(Format(line).c_str(), stdout);
}

std::string Trace::Format(const Line& line) {
  char begin[96];
  std::snprintf(begin, sizeof(begin), "%6" PRIu64 " %14.6f s  ", line.step,
                static_cast<double>(line.time.time_since_epoch().count()) / 1e9);
  std::string text = begin;
  text += line.link < 0 ? "world  " : "link " + std::to_string(line.link) + " ";
  text += line.text;
  if (line.frame.type != frame_type::kNone) return text + ' ' + Describe(line.frame) + '\n';
  return text + ' ' + std::to_string(line.a) + ' ' + std::to_string(line.b) + '\n';
}

std::string Trace::Tail() const {
  std::string text;
  const uint64_t first = count_ - std::min<uint64_t>(count_, kKept);
  for (uint64_t i = first; i < count_; ++i) text += Format(lines_[i % kKept]);
  return text;
}

}  // namespace weir::sim
