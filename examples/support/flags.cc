#include "examples/support/flags.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

namespace examples {
namespace {

bool IsBool(std::string_view text) { return text == "true" || text == "false"; }

std::string Quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " or ") + word;
  return text;
}

}  // namespace

void Flags::Add(std::string name, bool* value, std::string help) {
  flags_.push_back({.name = std::move(name),
                    .help = std::move(help),
                    .expected = "true or false",
                    .default_text = *value ? "true" : "false",
                    .is_switch = true,
                    .assign = [value](std::string_view text) {
                      *value = text == "true";
                      return IsBool(text);
                    }});
}

void Flags::Add(std::string name, int* value, std::string help, IntRange range) {
  flags_.push_back({.name = std::move(name),
                    .help = std::move(help),
                    .expected = "an integer from " + std::to_string(range.lowest) + " to " +
                                std::to_string(range.highest),
                    .default_text = std::to_string(*value),
                    .assign = [value, range](std::string_view text) {
                      const char* end = text.data() + text.size();
                      const auto [rest, error] = std::from_chars(text.data(), end, *value);
                      return error == std::errc() && rest == end && *value >= range.lowest &&
                             *value <= range.highest;
                    }});
}

void Flags::Add(std::string name, std::string* value, std::string help) {
  flags_.push_back({.name = std::move(name),
                    .help = std::move(help),
                    .expected = "a text",
                    .default_text = Quoted(*value),
                    .assign = [value](std::string_view text) {
                      *value = text;
                      return true;
                    }});
}

void Flags::AddChoice(std::string name, std::string* value, std::string help,
                      std::vector<std::string> choices) {
  Add(std::move(name), value, std::move(help));
  flags_.back().expected = Join(choices);
  flags_.back().assign = [value, choices = std::move(choices)](std::string_view text) {
    *value = text;
    return std::ranges::find(choices, *value) != choices.end();
  };
}

void Flags::AddRequired(std::string name, std::string* value, std::string help) {
  Add(std::move(name), value, std::move(help));
  flags_.back().is_missing = true;
}

Flags::Flag* Flags::Find(std::string_view name) {
  const auto found = std::ranges::find(flags_, name, &Flag::name);
  return found == flags_.end() ? nullptr : &*found;
}

// Takes one flag, and its value, off the front of the arguments.
std::string Flags::ParseOne(std::span<const char* const>* arguments) {
  const std::string_view argument = arguments->front();
  *arguments = arguments->subspan(1);
  if (!argument.starts_with("--")) {
    return "unexpected argument " + Quoted(argument) + "; every argument is a flag, see --help";
  }
  const size_t equals = argument.find('=');
  const std::string_view name = argument.substr(2, equals == argument.npos ? equals : equals - 2);
  if (name == "help") {
    help_wanted_ = true;
    return {};
  }
  Flag* flag = Find(name);
  if (flag == nullptr) return "unknown flag --" + std::string(name) + "; see --help";

  std::optional<std::string_view> value;
  if (equals != argument.npos) {
    value = argument.substr(equals + 1);
  } else if (!arguments->empty() && (!flag->is_switch || IsBool(arguments->front()))) {
    value = arguments->front();
    *arguments = arguments->subspan(1);
  } else if (flag->is_switch) {
    value = "true";
  }
  if (!value.has_value()) return "flag --" + flag->name + " needs a value: " + flag->expected;
  if (!flag->assign(*value)) {
    return "flag --" + flag->name + " takes " + flag->expected + ", not " + Quoted(*value);
  }
  flag->is_missing = false;
  return {};
}

std::string Flags::Parse(std::span<const char* const> arguments) {
  while (!arguments.empty()) {
    if (std::string mistake = ParseOne(&arguments); !mistake.empty()) return mistake;
  }
  const auto missing = std::ranges::find_if(flags_, &Flag::is_missing);
  if (missing == flags_.end() || help_wanted_) return {};
  return "flag --" + missing->name + " is required: " + missing->help;
}

std::string Flags::Help() const {
  std::string text = summary_ + "\n";
  for (const Flag& flag : flags_) {
    text += "  --" + flag.name + "  " + flag.help;
    text += flag.is_missing ? " (required)" : " (" + flag.expected + "; " + flag.default_text + ")";
    text += '\n';
  }
  return text;
}

void Flags::ParseOrExit(int argc, char** argv) {
  const std::string mistake = Parse(std::span(argv, static_cast<size_t>(argc)).subspan(1));
  if (!mistake.empty()) ExitForWrongUsage(argv[0], mistake);
  if (!help_wanted_) return;
  std::fputs(Help().c_str(), stdout);
  std::exit(0);
}

void ExitForWrongUsage(const char* program, std::string_view sentence) {
  std::string_view name = program;
  name.remove_prefix(name.rfind('/') + 1);
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(name.size()), name.data(),
               static_cast<int>(sentence.size()), sentence.data());
  std::exit(2);
}

}  // namespace examples
