// How does memory that was freed get back to the system?
//
// The allocator of the C library keeps it for later, in an arena for each thread: between blocks in
// use, and at the end of the arena, of which it gives nothing back until twice the largest block
// that was ever freed is there.
#ifndef WEIR_TRANSPORT_NET_FREE_MEMORY_H_
#define WEIR_TRANSPORT_NET_FREE_MEMORY_H_

namespace weir::net {

// What lies between blocks, of all threads. Takes milliseconds where that is much, and may make
// other threads wait that allocate meanwhile.
void ReturnFreeMemory();

// What lies at the end of the calling thread's arena, up to 32 MiB. Takes a millisecond where that
// is much.
void ReturnFreeMemoryOfThread();

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_FREE_MEMORY_H_
