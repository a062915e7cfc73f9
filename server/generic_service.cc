#include "weir/generic_service.h"

#include "weir/method.h"

namespace weir {
namespace {

constexpr MethodDescriptor kBlockingMethods[] = {MakeMethod<&GenericService::Call>("")};
constexpr MethodDescriptor kCoroutineMethods[] = {MakeMethod<&GenericCoroutineService::Call>("")};

constexpr ServiceDescriptor kBlockingService = {.full_name = "", .methods = kBlockingMethods};
constexpr ServiceDescriptor kCoroutineService = {.full_name = "", .methods = kCoroutineMethods};

}  // namespace

GenericService::GenericService() : Service(&kBlockingService) {}
GenericService::~GenericService() = default;

GenericCoroutineService::GenericCoroutineService() : Service(&kCoroutineService) {}
GenericCoroutineService::~GenericCoroutineService() = default;

}  // namespace weir
