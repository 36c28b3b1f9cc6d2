// tests/power: memory that runs out on demand: operator new's and SQLite's. Includes std, SQLite.
#include "tests/power/failing_memory.h"

#include <cstdlib>
#include <new>

#include <sqlite3.h>

namespace p2pd::test {

namespace {

std::uint64_t countdown_of_ours = 0;  ///< 0: none fails
std::uint64_t countdown_of_sqlite = 0;
bool goes_on = false;
bool has_failed = false;
sqlite3_mem_methods real{};

bool fails(std::uint64_t& countdown) {
    if (countdown == 0 || --countdown > 0) return false;
    if (goes_on) countdown = 1;
    has_failed = true;
    return true;
}

void* allocate(int size) {
    return fails(countdown_of_sqlite) ? nullptr : real.xMalloc(size);
}

void* reallocate(void* old, int size) {
    return fails(countdown_of_sqlite) ? nullptr : real.xRealloc(old, size);
}

}  // namespace

void fail_allocation(const MemoryFault& fault) {
    heal_memory();
    (fault.ours ? countdown_of_ours : countdown_of_sqlite) = fault.at;
    goes_on = fault.for_ever;
    has_failed = false;
}

void heal_memory() {
    countdown_of_ours = 0;
    countdown_of_sqlite = 0;
}

bool memory_has_failed() {
    return has_failed;
}

bool watch_sqlite_memory() {
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK) return false;
    sqlite3_mem_methods watched = real;
    watched.xMalloc = allocate;
    watched.xRealloc = reallocate;
    // Small ones would come from a reserve of the connection, and not be counted.
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &watched) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK;
}

void* take_memory(std::size_t size) {
    void* const memory = fails(countdown_of_ours) ? nullptr : std::malloc(size > 0 ? size : 1);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace p2pd::test

void* operator new(std::size_t size) {
    return p2pd::test::take_memory(size);
}

void* operator new[](std::size_t size) {
    return p2pd::test::take_memory(size);
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete[](void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
