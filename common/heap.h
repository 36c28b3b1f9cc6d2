// common: what becomes of freed memory. Includes std, glibc.
#pragma once

namespace p2pd {

/// From now on each thread's heap keeps some MiB of what is freed. A program that frees a batch and
/// takes the next would else give pages back and get new ones each time, which costs more than all
/// that is done with them. Before other threads begin.
void keep_freed_memory();
/// Gives back what is free, for times when nothing goes on.
void return_freed_memory();

}  // namespace p2pd
