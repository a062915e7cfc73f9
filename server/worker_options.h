// What do the options of a server mean for its workers and their connections?
#ifndef WEIR_SERVER_WORKER_OPTIONS_H_
#define WEIR_SERVER_WORKER_OPTIONS_H_

#include "transport/driver/worker.h"
#include "weir/server_options.h"

namespace weir::server {

// Of the defaults, the defaults: a test compares them all. What belongs to one server or worker
// (memory, seed, callback) is left empty.
driver::WorkerOptions WorkerOptionsOf(const ServerOptions& options);

}  // namespace weir::server

#endif  // WEIR_SERVER_WORKER_OPTIONS_H_
