// common: what becomes of freed memory. Includes std, glibc.
#include "common/heap.h"

#include <malloc.h>

namespace p2pd {

namespace {

constexpr int kept_bytes_max = 8 * 1024 * 1024;
constexpr int taken_at_once_bytes = 1024 * 1024;
/// What is larger has pages of its own, which are given back when it is freed.
constexpr int heap_bytes_max = 4 * 1024 * 1024;

}  // namespace

void keep_freed_memory() {
    // They are hints: an allocator that does not know them goes on as before.
    mallopt(M_TRIM_THRESHOLD, kept_bytes_max);
    mallopt(M_TOP_PAD, taken_at_once_bytes);
    mallopt(M_MMAP_THRESHOLD, heap_bytes_max);
}

void return_freed_memory() {
    malloc_trim(0);
}

}  // namespace p2pd
