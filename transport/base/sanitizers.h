// Is this a build with a sanitizer?
//
// Those bring an allocator of their own that finds out who uses memory after its end. So nothing is
// kept for later in such a build.
#ifndef WEIR_TRANSPORT_BASE_SANITIZERS_H_
#define WEIR_TRANSPORT_BASE_SANITIZERS_H_

namespace weir {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kHasAddressSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kHasAddressSanitizer = true;
#else
inline constexpr bool kHasAddressSanitizer = false;
#endif
#else
inline constexpr bool kHasAddressSanitizer = false;
#endif

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kHasThreadSanitizer = true;
#else
inline constexpr bool kHasThreadSanitizer = false;
#endif

}  // namespace weir

#endif  // WEIR_TRANSPORT_BASE_SANITIZERS_H_
