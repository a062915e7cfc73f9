#include "tests/hostile/report.h"

#include <sys/utsname.h>

#include <cstdarg>
#include <cstdio>
#include <fstream>
#include <thread>

#include "tests/hostile/verdict.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

[[gnu::format(printf, 1, 2)]] std::string Format(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

double Kib(uint64_t bytes) { return static_cast<double>(bytes) / 1024; }
double Ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (char each : text) {
    const auto octet = static_cast<unsigned char>(each);
    if (each == '"' || each == '\\') {
      quoted += '\\';
      quoted += each;
    } else if (octet < 0x20 || octet >= 0x7f) {
      quoted += Format("\\u%04x", octet);
    } else {
      quoted += each;
    }
  }
  return quoted + '"';
}

// One object of JSON, field by field.
class JsonObject {
 public:
  JsonObject& Raw(std::string_view key, std::string_view value) {
    text_ += text_.empty() ? "" : ", ";
    text_.append(Quoted(key)).append(": ").append(value);
    return *this;
  }
  JsonObject& Text(std::string_view key, std::string_view value) { return Raw(key, Quoted(value)); }
  JsonObject& Number(std::string_view key, double value) { return Raw(key, Format("%.6g", value)); }
  JsonObject& Bool(std::string_view key, bool value) { return Raw(key, value ? "true" : "false"); }
  std::string Close() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

template <typename Items, typename Write>
std::string JsonArray(const Items& items, Write write) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ", ") + write(item);
  return "[" + text + "]";
}

std::string VictimJson(const VictimStats& stats) {
  return JsonObject()
      .Number("calls_per_second", stats.calls_per_second())
      .Number("p50_us", stats.p50_us)
      .Number("p99_us", stats.p99_us)
      .Number("max_us", stats.max_us)
      .Number("errors", static_cast<double>(stats.errors))
      .Close();
}

void AddMeasures(const Result& result, JsonObject* json) {
  json->Raw("outcomes", JsonArray(result.outcomes, [](const auto& each) {
              return JsonObject()
                  .Text("outcome", ToString(each.first))
                  .Number("rounds", static_cast<double>(each.second))
                  .Close();
            }));
  json->Number("rounds", static_cast<double>(result.rounds))
      .Number("frames", static_cast<double>(result.frames))
      .Number("bytes", static_cast<double>(result.bytes))
      .Number("refused_connections", static_cast<double>(result.refused_connections))
      .Number("attack_seconds", result.attack_seconds)
      .Number("resident_kib", Kib(result.resident_bytes))
      .Number("growth_kib", Kib(result.growth_bytes))
      .Number("left_kib", Kib(result.left_bytes))
      .Number("recovery_seconds", result.recovery_seconds)
      .Bool("has_recovered", result.has_recovered)
      .Number("server_cores", result.server_cpu)
      .Number("cpu_ns_per_frame", result.cpu_ns_per_frame)
      .Bool("answers_after", result.answers_after)
      .Number("files_before", static_cast<double>(result.files_before))
      .Number("files_after", static_cast<double>(result.files_after))
      .Raw("exit_code", result.exit_code.has_value() ? std::to_string(*result.exit_code) : "null");
  if (result.has_victim) {
    json->Raw("victim_before", VictimJson(result.before))
        .Raw("victim_during", VictimJson(result.during))
        .Number("waited", result.waited);
  }
}

std::string EntryJson(const Entry& entry, bool is_judged) {
  const Scenario& row = *entry.row;
  JsonObject json;
  json.Text("id", row.id)
      .Text("variant", row.variant)
      .Text("title", row.title)
      .Text("cve", row.cve)
      .Text("transport", entry.uses_tls ? "tls" : "clear")
      .Bool("twin", row.is_twin)
      .Text("expected", ToString(row.expected))
      .Number("bound_kib", Kib(row.memory_max * static_cast<uint64_t>(row.connections)))
      .Number("connections", row.connections);
  if (!row.not_run.empty()) {
    json.Text("verdict", "not run").Text("reason", row.not_run);
    return json.Close();
  }
  json.Text("verdict", !is_judged ? "observed" : entry.faults.empty() ? "passed" : "failed");
  json.Raw("faults", JsonArray(entry.faults, [](const std::string& each) { return Quoted(each); }));
  if (entry.result.has_run) AddMeasures(entry.result, &json);
  return json.Close();
}

std::string CpuModel() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string Kernel() {
  utsname name{};
  uname(&name);
  return std::string(name.sysname) + " " + name.release;
}

}  // namespace

std::string SeenText(const Result& result) {
  std::string text;
  for (const auto& [outcome, count] : result.outcomes) {
    if (!text.empty()) text += ", ";
    text += ToString(outcome);
    if (result.outcomes.size() > 1) text += " x" + std::to_string(count);
  }
  return text;
}

std::string TableHead() {
  return Format("%-7s %-7s %-5s %9s %9s %6s %10s %7s %7s %6s  %s\n", "verdict", "row", "over",
                "frames", "KiB grown", "cores", "ns/frame", "calls", "p99", "back s",
                "what happened: title");
}

std::string TableLine(const Entry& entry, bool is_judged) {
  const Scenario& row = *entry.row;
  const Result& result = entry.result;
  const char* const over = entry.uses_tls ? "tls" : "clear";
  if (!row.not_run.empty()) {
    return Format("%-7s %-7s %-5s %s: %s\n", "not run", row.name().c_str(), "", row.title.c_str(),
                  row.not_run.c_str());
  }
  const char* const verdict = !is_judged ? "-" : entry.faults.empty() ? "ok" : "FAILED";
  std::string victim = Format("%7s %7s", "", "");
  if (result.has_victim) {
    // What is left of the throughput, and by how much p99 rose; "~" where the machine was too busy
    // with others for that to mean much.
    victim = Format("%s%5.0f%% %6.1fx", IsVictimMeasurable(result) ? " " : "~",
                    100 * Ratio(result.during.calls_per_second(), result.before.calls_per_second()),
                    Ratio(result.during.p99_us, result.before.p99_us));
  }
  return Format("%-7s %-7s %-5s %9lu %9.0f %6.2f %10.0f ", verdict, row.name().c_str(), over,
                static_cast<unsigned long>(result.frames), Kib(result.growth_bytes),
                result.server_cpu, result.cpu_ns_per_frame) +
         victim + Format(" %6.1f  ", result.recovery_seconds) + SeenText(result) + ": " +
         row.title + "\n";
}

std::string ToJson(const std::vector<Entry>& entries, const RunFacts& facts) {
  std::string rows;
  for (const Entry& entry : entries) {
    if (!entry.is_done) continue;
    rows += (rows.empty() ? "  " : ",\n  ") + EntryJson(entry, facts.is_judged);
  }
  return JsonObject()
             .Text("server", facts.server)
             .Text("kernel", Kernel())
             .Text("processor", CpuModel())
             .Number("processors", std::thread::hardware_concurrency())
             .Number("attack_seconds", facts.attack_seconds)
             .Bool("judged", facts.is_judged)
             .Raw("rows", "[\n" + rows + "\n]")
             .Close() +
         "\n";
}

}  // namespace hostile
