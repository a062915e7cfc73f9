// How do these small programs read their command lines?
//
//   int port = 50051;
//   examples::Flags flags("Serves helloworld.Greeter.");
//   flags.Add("port", &port, "port to listen on; 0 takes a free one", examples::kPortRange);
//   flags.ParseOrExit(argc, argv);
//
// A value is written `--port=1` or `--port 1`; a bool is set by `--use_tls` alone, too.
#ifndef WEIR_EXAMPLES_SUPPORT_FLAGS_H_
#define WEIR_EXAMPLES_SUPPORT_FLAGS_H_

#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace examples {

// Both ends are allowed values.
struct IntRange {
  int lowest = std::numeric_limits<int>::min();
  int highest = std::numeric_limits<int>::max();
};

inline constexpr IntRange kPortRange = {0, 65535};

// The flags of one program. Each writes to a variable that belongs to the caller, outlives this
// object, and holds the default before.
class Flags {
 public:
  // `summary` is a sentence for --help: what the program does.
  explicit Flags(std::string summary) : summary_(std::move(summary)) {}

  void Add(std::string name, bool* value, std::string help);
  void Add(std::string name, int* value, std::string help, IntRange range = {});
  void Add(std::string name, std::string* value, std::string help);
  // Takes one of `choices`.
  void AddChoice(std::string name, std::string* value, std::string help,
                 std::vector<std::string> choices);
  // Has no default: the program does not run without it.
  void AddRequired(std::string name, std::string* value, std::string help);

  // Writes to the variables. Returns one sentence about the first mistake; empty when there is
  // none. `arguments` do not include the program's name.
  std::string Parse(std::span<const char* const> arguments);
  // Whether --help was among the arguments. Parse then asks for no required flags.
  bool help_wanted() const { return help_wanted_; }
  std::string Help() const;

  // For main(): prints the help and exits with 0, or a mistake and exits with 2, or returns.
  void ParseOrExit(int argc, char** argv);

 private:
  struct Flag {
    std::string name;
    std::string help;
    std::string expected;      // "an integer from 0 to 65535"
    std::string default_text;  // for the help
    bool is_switch = false;    // may stand without a value
    bool is_missing = false;   // required, and not seen yet
    // False when the text is not a value of the flag.
    std::function<bool(std::string_view text)> assign;
  };

  Flag* Find(std::string_view name);
  std::string ParseOne(std::span<const char* const>* arguments);

  std::string summary_;
  std::vector<Flag> flags_;
  bool help_wanted_ = false;
};

// For mistakes that Flags cannot see, such as two flags that need each other: prints
// "PROGRAM: sentence" to standard error and exits with 2.
[[noreturn]] void ExitForWrongUsage(const char* program, std::string_view sentence);

}  // namespace examples

#endif  // WEIR_EXAMPLES_SUPPORT_FLAGS_H_
