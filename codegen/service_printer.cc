#include "codegen/service_printer.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "codegen/comments.h"
#include "codegen/names.h"

namespace weir::codegen {

namespace protobuf = google::protobuf;

// One parameter of a handler. In its type Q stands for the request's type, P for the response's.
struct Parameter {
  std::string_view type;
  std::string_view name;
};

// The parameters after the context; a shape with one of them has no second type.
struct ShapeParameters {
  Parameter first;
  Parameter second;
};

struct HandlerStyle {
  std::string_view word;  // in names of thunks and tables
  std::string_view class_name;
  std::string_view class_comment;
  std::string_view handler;  // the field of MethodDescriptor that this style sets
  // Lines of a table that leave the other style's field empty, before or after that one.
  std::string_view empty_before;
  std::string_view empty_after;
  std::string_view result;
  std::string_view default_result;
  Parameter context;
  ShapeParameters shapes[4];  // indexed by ShapeOf
};

namespace {

constexpr size_t kLineWidth = 100;

// As in the names of MethodShape's values and of the thunks.
constexpr std::string_view kShapeWords[] = {"Unary", "ClientStreaming", "ServerStreaming",
                                            "Bidirectional"};

constexpr HandlerStyle kBlocking = {
    .word = "Blocking",
    .class_name = "Service",
    .class_comment = "Blocking handlers, with the signatures of gRPC C++.",
    .handler = "blocking",
    .empty_before = "",
    .empty_after = "        .coroutine = nullptr,\n",
    .result = "::weir::Status",
    .default_result = "::weir::internal::UnimplementedMethod()",
    .context = {"::weir::ServerContext*", "context"},
    .shapes = {{{"const Q*", "request"}, {"P*", "response"}},
               {{"::weir::ServerReader<Q>*", "reader"}, {"P*", "response"}},
               {{"const Q*", "request"}, {"::weir::ServerWriter<P>*", "writer"}},
               {{"::weir::ServerReaderWriter<P, Q>*", "stream"}, {}}},
};

constexpr HandlerStyle kCoroutine = {
    .word = "Coroutine",
    .class_name = "CoroutineService",
    .class_comment = "Coroutines on the thread of the call's connection.",
    .handler = "coroutine",
    .empty_before = "        .blocking = nullptr,\n",
    .empty_after = "",
    .result = "::weir::Task<::weir::Status>",
    .default_result = "::weir::internal::UnimplementedMethodTask()",
    .context = {"::weir::ServerContext&", "context"},
    .shapes = {{{"const Q&", "request"}, {"P&", "response"}},
               {{"::weir::Reader<Q>&", "reader"}, {"P&", "response"}},
               {{"const Q&", "request"}, {"::weir::Writer<P>&", "writer"}},
               {{"::weir::ReaderWriter<Q, P>&", "stream"}, {}}},
};

size_t ShapeOf(const protobuf::MethodDescriptor& method) {
  return (method.client_streaming() ? 1 : 0) + (method.server_streaming() ? 2 : 0);
}

// Puts the message types in place of Q and P.
std::string FillType(std::string_view pattern, const protobuf::MethodDescriptor& method) {
  std::string type;
  for (const char c : pattern) {
    if (c == 'Q') {
      type += QualifiedMessageName(*method.input_type());
    } else if (c == 'P') {
      type += QualifiedMessageName(*method.output_type());
    } else {
      type += c;
    }
  }
  return type;
}

enum class ParameterNames { kWritten, kLeftOut };

std::vector<std::string> ParametersOf(const protobuf::MethodDescriptor& method,
                                      const HandlerStyle& style, ParameterNames names) {
  std::vector<std::string> parameters;
  const auto& [first, second] = style.shapes[ShapeOf(method)];
  for (const Parameter& parameter : {style.context, first, second}) {
    if (parameter.type.empty()) continue;
    std::string text = FillType(parameter.type, method);
    if (names == ParameterNames::kWritten) text.append(" ").append(parameter.name);
    parameters.push_back(std::move(text));
  }
  return parameters;
}

// `head(a, b)tail`, laid out as clang-format would: on one line if that fits, else with one
// parameter a line below the first, else all of them on lines of their own.
std::string LayOutFunction(const std::string& head, const std::vector<std::string>& parameters,
                           const std::string& tail, size_t indentation) {
  size_t total = 0;
  size_t longest = 0;
  for (const std::string& parameter : parameters) {
    total += parameter.size() + std::string_view(", ").size();
    longest = std::max(longest, parameter.size());
  }
  const size_t start = indentation + head.size() + 1;
  std::string text = head + "(";
  std::string separator = ", ";
  if (start + total + tail.size() > kLineWidth) {
    const bool fits_below_first = start + longest + 1 + tail.size() <= kLineWidth;
    separator = ",\n" + std::string(fits_below_first ? head.size() + 1 : 4, ' ');
    if (!fits_below_first) text += separator.substr(1);
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (i > 0) text += separator;
    text += parameters[i];
  }
  return text + ")" + tail + "\n";
}

}  // namespace

ServicePrinter::ServicePrinter(const protobuf::ServiceDescriptor& service,
                               protobuf::io::Printer* printer)
    : service_(service), printer_(*printer), class_name_(ServiceClassName(service)) {}

void ServicePrinter::PrintClass() {
  PrintLines(CommentOf(service_));
  printer_.Print(
      "class $class$ final {\n"
      " public:\n"
      "  $class$() = delete;\n"
      "\n"
      "  static constexpr ::std::string_view kFullName = \"$full_name$\";\n"
      "\n",
      "class", class_name_, "full_name", service_.full_name());
  printer_.Indent();
  PrintStyleClass(kBlocking);
  printer_.Print("\n");
  PrintStyleClass(kCoroutine);
  printer_.Outdent();
  printer_.Print("};\n");
}

void ServicePrinter::PrintStyleClass(const HandlerStyle& style) {
  printer_.Print(
      "// $comment$\n"
      "class $class$ : public ::weir::Service {\n"
      " public:\n"
      "  $class$();\n"
      "  ~$class$() override;\n",
      "comment", std::string(style.class_comment), "class", std::string(style.class_name));
  printer_.Indent();
  for (int i = 0; i < service_.method_count(); ++i) {
    const protobuf::MethodDescriptor& method = *service_.method(i);
    const std::string head =
        "virtual " + std::string(style.result) + " " + MethodFunctionName(method);
    const auto parameters = ParametersOf(method, style, ParameterNames::kWritten);
    printer_.Print("\n");
    PrintLines(CommentOf(method));
    PrintLines(LayOutFunction(head, parameters, ";", /*indentation=*/4));
  }
  printer_.Outdent();
  printer_.Print("};\n");
}

void ServicePrinter::PrintTables() {
  PrintMethodTable(kBlocking);
  PrintMethodTable(kCoroutine);
}

void ServicePrinter::PrintBodies() {
  PrintBodies(kBlocking);
  PrintBodies(kCoroutine);
}

void ServicePrinter::PrintMethodTable(const HandlerStyle& style) {
  const std::string prefix = "k" + class_name_ + std::string(style.word);
  // C++ has no arrays without elements.
  const std::string methods = service_.method_count() == 0 ? "{}" : prefix + "Methods";
  if (service_.method_count() > 0) {
    printer_.Print("constexpr ::weir::MethodDescriptor $methods$[] = {\n", "methods", methods);
    for (int i = 0; i < service_.method_count(); ++i) {
      PrintMethodTableRow(style, *service_.method(i));
    }
    printer_.Print("};\n\n");
  }
  printer_.Print(
      "constexpr ::weir::ServiceDescriptor $prefix$Service = {\n"
      "    .full_name = $class$::kFullName,\n"
      "    .methods = $methods$,\n"
      "};\n\n",
      "prefix", prefix, "class", class_name_, "methods", methods);
}

void ServicePrinter::PrintMethodTableRow(const HandlerStyle& style,
                                         const protobuf::MethodDescriptor& method) {
  const std::string shape(kShapeWords[ShapeOf(method)]);
  const std::map<std::string, std::string> variables = {
      {"name", method.name()},
      {"function", MethodFunctionName(method)},
      {"class", class_name_ + "::" + std::string(style.class_name)},
      {"shape", shape},
      {"request", QualifiedMessageName(*method.input_type())},
      {"response", QualifiedMessageName(*method.output_type())},
      {"handler", std::string(style.handler)},
      {"thunk", std::string(style.word) + shape},
  };
  printer_.Print(variables,
                 "    {\n"
                 "        .name = \"$name$\",\n"
                 "        .shape = ::weir::MethodShape::k$shape$,\n"
                 "        .request = &::weir::internal::kMessageCodec<$request$>,\n"
                 "        .response = &::weir::internal::kMessageCodec<$response$>,\n");
  printer_.PrintRaw(std::string(style.empty_before));
  printer_.Print(variables,
                 "        .$handler$ = &::weir::internal::$thunk$<\n"
                 "            $class$,\n"
                 "            $request$,\n"
                 "            $response$,\n"
                 "            &$class$::$function$>,\n");
  printer_.PrintRaw(std::string(style.empty_after));
  printer_.Print("    },\n");
}

void ServicePrinter::PrintBodies(const HandlerStyle& style) {
  printer_.Print(
      "$outer$::$class$::$class$() : ::weir::Service(&k$outer$$style$Service) {}\n"
      "\n"
      "$outer$::$class$::~$class$() = default;\n"
      "\n",
      "outer", class_name_, "class", std::string(style.class_name), "style",
      std::string(style.word));
  for (int i = 0; i < service_.method_count(); ++i) {
    const protobuf::MethodDescriptor& method = *service_.method(i);
    const std::string head = std::string(style.result) + " " + class_name_ +
                             "::" + std::string(style.class_name) +
                             "::" + MethodFunctionName(method);
    const auto parameters = ParametersOf(method, style, ParameterNames::kLeftOut);
    PrintLines(LayOutFunction(head, parameters, " {", /*indentation=*/0));
    printer_.Print("  return $result$;\n}\n\n", "result", std::string(style.default_result));
  }
}

// The printer indents only the first of what it is given raw.
void ServicePrinter::PrintLines(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    printer_.PrintRaw(std::string(line));
    printer_.Print("\n");
  }
}

}  // namespace weir::codegen
