// Everything a server program needs. Interceptors that ship with weir have headers of their own in
// weir/interceptors/.
#ifndef WEIR_WEIR_H_
#define WEIR_WEIR_H_

#include "weir/byte_buffer.h"
#include "weir/credentials.h"
#include "weir/generic_service.h"
#include "weir/interceptor.h"
#include "weir/message_compressor.h"
#include "weir/method.h"
#include "weir/server.h"
#include "weir/server_builder.h"
#include "weir/server_context.h"
#include "weir/server_options.h"
#include "weir/service.h"
#include "weir/status.h"
#include "weir/stop_signal.h"
#include "weir/stream.h"
#include "weir/task.h"

#endif  // WEIR_WEIR_H_
