// Recycled memory for coroutine frames; weir/task.h declares what hands it out.
#ifndef WEIR_SERVER_FRAME_MEMORY_H_
#define WEIR_SERVER_FRAME_MEMORY_H_

namespace weir::server {

// Gives back the frames that the calling thread keeps for later.
void ReleaseIdleFrames();

}  // namespace weir::server

#endif  // WEIR_SERVER_FRAME_MEMORY_H_
