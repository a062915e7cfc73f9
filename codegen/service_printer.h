// What does the generated code of one service look like?
//
// The header declares a class that only holds names: `Foo::Service` for blocking handlers and
// `Foo::CoroutineService` for coroutines. The source defines one table of methods for each of the
// two and bodies for methods that nobody overrides. Nothing else: all behaviour is the library's.
#ifndef WEIR_CODEGEN_SERVICE_PRINTER_H_
#define WEIR_CODEGEN_SERVICE_PRINTER_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/printer.h>

#include <string>
#include <string_view>

namespace weir::codegen {

// Everything that differs between blocking handlers and coroutines.
struct HandlerStyle;

// All functions print into the namespace of the file's package.
class ServicePrinter {
 public:
  // Both must outlive the object. `printer` uses '$' around variables.
  ServicePrinter(const google::protobuf::ServiceDescriptor& service,
                 google::protobuf::io::Printer* printer);

  // The class, for the header.
  void PrintClass();
  // The descriptors, for an unnamed namespace of the source.
  void PrintTables();
  // The member functions, for the source.
  void PrintBodies();

 private:
  void PrintStyleClass(const HandlerStyle& style);
  void PrintMethodTable(const HandlerStyle& style);
  void PrintMethodTableRow(const HandlerStyle& style,
                           const google::protobuf::MethodDescriptor& method);
  void PrintBodies(const HandlerStyle& style);
  void PrintLines(std::string_view text);

  const google::protobuf::ServiceDescriptor& service_;
  google::protobuf::io::Printer& printer_;
  const std::string class_name_;
};

}  // namespace weir::codegen

#endif  // WEIR_CODEGEN_SERVICE_PRINTER_H_
