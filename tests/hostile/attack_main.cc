// The attack bench: does a gRPC server stand what hostile peers do?
//
// Starts the server as a process of its own for each row of the table, attacks it over loopback,
// and prints what that cost and how it ended. Exits with 1 when a row fails.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "examples/support/flags.h"
#include "tests/hostile/certificate.h"
#include "tests/hostile/report.h"
#include "tests/hostile/runner.h"
#include "tests/hostile/scenario.h"
#include "tests/hostile/verdict.h"

namespace {

using hostile::Entry;
using hostile::Over;
using hostile::Pace;
using hostile::Scenario;

struct Settings {
  std::string server;
  std::string server_flags;
  std::string server_name = "weir";
  std::string only;
  std::string over = "both";
  std::string json;
  std::string tls_cert_file;
  std::string tls_key_file;
  int seconds = 3;
  bool is_short = false;
  bool is_list = false;
  bool no_expectations = false;
  bool no_patience = false;
  bool is_instrumented = hostile::kIsInstrumented;
};

Settings ParseSettings(int argc, char** argv) {
  Settings settings;
  examples::Flags flags("Attacks a server of grpc.testing.TestService and judges what happens.");
  flags.Add("server", &settings.server, "program to attack; default: weir's interop_server");
  flags.Add("server_flags", &settings.server_flags, "more flags for it, separated by spaces");
  flags.Add("server_name", &settings.server_name, "what to call it in the JSON");
  flags.Add("only", &settings.only, "rows to run, as in A13,A15b; default: all");
  flags.AddChoice("over", &settings.over, "transport; one: plaintext unless a row is about TLS",
                  {"both", "one", "clear", "tls"});
  flags.Add("short", &settings.is_short, "run the few rows that fit in a test");
  flags.Add("seconds", &settings.seconds, "length of an attack", {.lowest = 1, .highest = 600});
  flags.Add("list", &settings.is_list, "print the table and run nothing");
  flags.Add("no_expectations", &settings.no_expectations, "report what happens without judging");
  flags.Add("no_patience", &settings.no_patience, "leave out the rows that wait for timers");
  flags.Add("instrumented", &settings.is_instrumented,
            "the server is a sanitizer build: judge neither memory nor speed");
  flags.Add("json", &settings.json, "file to write the results to");
  flags.Add("tls_cert_file", &settings.tls_cert_file, "PEM certificate; default: made anew");
  flags.Add("tls_key_file", &settings.tls_key_file, "PEM key; default: made anew");
  flags.ParseOrExit(argc, argv);
  if (settings.is_short) {
    settings.seconds = std::min(settings.seconds, 2);
    settings.over = "one";
  }
  return settings;
}

// Under Bazel the server is a runfile, otherwise it is where Bazel puts what it builds.
std::string FindServer(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  for (const char* path : {"interop/interop_server", "bazel-bin/interop/interop_server"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return "";
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

bool IsWanted(const Scenario& row, const Settings& settings) {
  if (settings.is_short && !row.is_short) return false;
  if (settings.no_patience && row.pace == Pace::kPatience) return false;
  const std::vector<std::string> only = Split(settings.only, ',');
  return only.empty() || std::ranges::any_of(only, [&](const std::string& each) {
           return each == row.id || each == row.name();
         });
}

// The transports of a row, as booleans: over TLS?
std::vector<bool> TransportsOf(const Scenario& row, const Settings& settings) {
  std::vector<bool> transports;
  if (row.over != Over::kTls && settings.over != "tls") transports.push_back(false);
  const bool is_enough = settings.over == "one" && !transports.empty();
  if (row.over != Over::kClear && settings.over != "clear" && !is_enough)
    transports.push_back(true);
  return transports;
}

hostile::RunnerOptions MakeOptions(const Settings& settings, const std::string& server,
                                   const std::string& certificate, const std::string& key) {
  hostile::RunnerOptions options;
  options.server = {server, "--port=0"};
  for (const std::string& flag : Split(settings.server_flags, ' ')) options.server.push_back(flag);
  options.server_tls = options.server;
  options.server_tls.insert(
      options.server_tls.end(),
      {"--use_tls", "--tls_cert_file=" + certificate, "--tls_key_file=" + key});
  options.attack_seconds = settings.seconds;
  options.baseline_seconds = settings.seconds >= 3 ? 1.5 : 1.0;
  return options;
}

void PrintList(const hostile::Scenarios& rows) {
  for (const Scenario& row : rows) {
    std::printf("%-7s %s%s%s: %s\n", row.name().c_str(), row.title.c_str(),
                row.cve.empty() ? "" : " (", row.cve.empty() ? "" : (row.cve + ")").c_str(),
                row.not_run.empty() ? ToString(row.expected).c_str() : row.not_run.c_str());
  }
}

// Many attackers need many descriptors.
void RaiseFileLimit() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

class Bench {
 public:
  Bench(const Settings& settings, hostile::RunnerOptions options)
      : settings_(settings), options_(std::move(options)) {}

  // Runs what is wanted. Rows that wait for timers wait all at once, beside the quick ones; rows
  // with a victim have the machine for themselves.
  void Run(const hostile::Scenarios& rows) {
    std::fputs(hostile::TableHead().c_str(), stdout);
    for (const Scenario& row : rows) {
      if (!IsWanted(row, settings_)) continue;
      // UBSan's look at a vptr needs a descriptor, and takes it for a bug that there is none.
      if (settings_.is_instrumented && row.server_files != 0) continue;
      if (!row.not_run.empty()) {
        entries_.push_back({.row = &row, .uses_tls = false});
        continue;
      }
      for (const bool uses_tls : TransportsOf(row, settings_)) {
        entries_.push_back({.row = &row, .uses_tls = uses_tls});
      }
    }
    std::vector<std::thread> waiting;
    for (Entry& entry : entries_) {
      if (entry.row->pace == Pace::kPatience) waiting.emplace_back([&] { RunOne(&entry); });
    }
    RunAllOf(Pace::kOnce);
    for (std::thread& thread : waiting) thread.join();
    RunAllOf(Pace::kFlood);
  }

  int passed() const { return passed_; }
  int failed() const { return failed_; }
  int not_run() const { return not_run_; }

 private:
  void RunAllOf(Pace pace) {
    for (Entry& entry : entries_) {
      if (entry.row->pace == pace) RunOne(&entry);
    }
  }

  void RunOne(Entry* entry) {
    const bool is_judged = !settings_.no_expectations;
    if (entry->row->not_run.empty()) {
      entry->result = RunScenario(*entry->row, entry->uses_tls, options_);
      if (is_judged) {
        entry->faults = Judge(
            *entry->row, entry->result,
            {.judges_latency = !settings_.is_short, .judges_cost = !settings_.is_instrumented});
      }
    }
    const std::lock_guard lock(mutex_);
    entry->is_done = true;
    std::fputs(TableLine(*entry, is_judged).c_str(), stdout);
    for (const std::string& fault : entry->faults) std::printf("        %s\n", fault.c_str());
    std::fflush(stdout);
    ++(!entry->row->not_run.empty() ? not_run_ : entry->faults.empty() ? passed_ : failed_);
    WriteJson();
  }

  // After each row: a long run that is cut short leaves what it has found out.
  void WriteJson() const {
    if (settings_.json.empty()) return;
    std::ofstream(settings_.json) << ToJson(
        entries_, {.server = settings_.server_name,
                   .is_judged = !settings_.no_expectations,
                   .attack_seconds = static_cast<double>(settings_.seconds)});
  }

  const Settings& settings_;
  const hostile::RunnerOptions options_;
  std::vector<Entry> entries_;
  std::mutex mutex_;
  int passed_ = 0;
  int failed_ = 0;
  int not_run_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = ParseSettings(argc, argv);
  const hostile::Scenarios rows = hostile::AllScenarios();
  if (settings.is_list) {
    PrintList(rows);
    return 0;
  }
  signal(SIGPIPE, SIG_IGN);
  RaiseFileLimit();

  const std::string server = FindServer(settings.server);
  if (server.empty()) {
    examples::ExitForWrongUsage(argv[0], "there is no interop_server; name a program: --server");
  }
  std::string certificate = settings.tls_cert_file;
  std::string key = settings.tls_key_file;
  std::optional<hostile::CertificateFiles> made;
  if (certificate.empty() || key.empty()) {
    made = hostile::CertificateFiles::Make();
    if (!made.has_value()) examples::ExitForWrongUsage(argv[0], "cannot write a certificate");
    certificate = made->certificate();
    key = made->key();
  }

  Bench bench(settings, MakeOptions(settings, server, certificate, key));
  bench.Run(rows);
  if (settings.no_expectations) {
    std::printf("%d runs observed\n", bench.passed());
    return 0;
  }
  std::printf("%d passed, %d failed, %d not run\n", bench.passed(), bench.failed(),
              bench.not_run());
  return bench.failed() == 0 && bench.passed() > 0 ? 0 : 1;
}
