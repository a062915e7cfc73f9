// For programs that are run by a profiler or a tracer, which makes everything many times slower.
#ifndef WEIR_SERVER_MEASURED_TIME_H_
#define WEIR_SERVER_MEASURED_TIME_H_

namespace weir {
class ServerBuilder;
}  // namespace weir

namespace weir::server {

// Makes the workers of the server that `builder` will build take no notice of how long something
// takes (WorkerOptions::service_time_max): what is counted is then the same at any speed. Clients
// can keep each other waiting in such a server, so one for users never has this.
void IgnoreServiceTime(ServerBuilder& builder);

}  // namespace weir::server

#endif  // WEIR_SERVER_MEASURED_TIME_H_
