// tests/power: a disk in memory that loses its power, fails and fills up. Includes std.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace p2pd::test {

/// SplitMix64: small, quick to make, and the same everywhere.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next();
    /// From 0 to `end` - 1.
    std::uint64_t below(std::uint64_t end) { return next() % end; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }

private:
    std::uint64_t state_;
};

/// From malloc, so that a test may let operator new fail under SQLite's feet, through which nothing
/// can be thrown.
template <class T>
struct DiskAllocator {
    using value_type = T;
    DiskAllocator() = default;
    template <class U>
    DiskAllocator(const DiskAllocator<U>&) {}  // as containers need it: not explicit
    T* allocate(std::size_t count) {
        void* const memory = std::malloc(count * sizeof(T));
        if (memory == nullptr) throw std::bad_alloc();
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t) { std::free(memory); }
    template <class U>
    bool operator==(const DiskAllocator<U>&) const {
        return true;
    }
};
using DiskBytes = std::basic_string<char, std::char_traits<char>, DiskAllocator<char>>;

enum class DiskOperation : std::uint8_t { open, read, write, sync, truncate, remove };
inline constexpr std::size_t disk_operations = 6;
const char* name_of(DiskOperation operation);

/// `dead`: the power went just before; the file may be gone and must not be touched.
enum class DiskResult : std::uint8_t { ok, failed, full, dead };

/// What shall happen, counted from now on.
struct DiskFault {
    /// An I/O error; no room (of writes alone); a power cut.
    enum class Kind : std::uint8_t { io_error, full, power_cut };
    std::optional<DiskOperation> operation = {};  ///< empty: any of them counts
    std::uint64_t at = 1;                         ///< the k-th, from 1
    bool for_ever = false;                        ///< all from there on, until heal()
    Kind kind = Kind::io_error;
};

struct DiskCounters {
    std::array<std::uint64_t, disk_operations> operations{};
    std::array<std::uint64_t, disk_operations> failed{};
    std::uint64_t no_room = 0;  ///< writes and reservations that found no room
    std::uint64_t power_cuts = 0;
};

/// What reads show (`cache`), and what is on the disk (`durable`). A dirty sector reaches the disk
/// with the next sync, or by chance before a power cut. A sync that fails marks all of them clean,
/// and some never get there, as with ext4 and XFS.
struct MemoryFile {
    DiskBytes cache;
    DiskBytes durable;
    std::size_t shortest = 0;  ///< length of `cache` at its least since the last sync
    std::vector<bool, DiskAllocator<bool>> dirty;  ///< by sector
    std::vector<std::size_t, DiskAllocator<std::size_t>> dirty_sectors;
    bool lost = false;            ///< reads show what will never get to the disk
    bool linked = false;          ///< it has an entry in the folder,
    bool linked_durably = false;  ///< also after a power cut
    std::size_t reserved = 0;     ///< room of the disk set aside for it, from its beginning
};

/// One folder of files. Everything that chance decides comes from the seed.
class MemoryDisk {
public:
    static constexpr std::size_t sector_bytes = 512;

    explicit MemoryDisk(std::uint64_t seed) : random_(seed) {}
    /// The same files with another future.
    MemoryDisk(const MemoryDisk& other, std::uint64_t seed)
        : random_(seed), files_(other.files_), ballast_(other.ballast_) {}
    MemoryDisk(const MemoryDisk&) = delete;
    MemoryDisk& operator=(const MemoryDisk&) = delete;

    /// Each unsynced sector is kept, dropped or torn; unsynced lengths and entries of the folder
    /// may be the old ones. Files that are open stay so, but are dead.
    void power_cut();
    /// The process is killed: all that it wrote stays in the page cache. After a failed sync the
    /// kernel may drop pages from there that are marked clean; then reads show the disk's own.
    void end_process();

    void fail(const DiskFault& fault);
    void heal();
    bool has_failed() const { return has_failed_; }
    /// Full: exactly what is used now is all the room that there is.
    void set_full(bool full);
    const DiskCounters& counters() const { return counters_; }

    // What the VFS and the folder do. A handle is good for the generation that it was opened in.
    std::uint64_t generation() const { return generation_; }
    /// Null: it failed, or is not there and shall not be made.
    MemoryFile* open(std::string_view name, bool create);
    MemoryFile* find(std::string_view name);
    DiskResult read(const MemoryFile& file, char* to, std::size_t size, std::size_t at,
                    std::size_t& done);
    DiskResult write(MemoryFile& file, std::string_view bytes, std::size_t at);
    DiskResult truncate(MemoryFile& file, std::size_t size);
    DiskResult sync(MemoryFile& file);
    DiskResult remove(std::string_view name);
    DiskResult sync_folder();
    bool reserve(MemoryFile& file, std::size_t end);
    bool set_ballast(std::size_t bytes);
    std::size_t ballast() const { return ballast_; }

private:
    DiskResult before(DiskOperation operation);
    bool has_room(std::size_t more);
    std::size_t used() const;
    static void put(MemoryFile& file, std::string_view bytes, std::size_t at);
    void lose(MemoryFile& file);
    void cut(MemoryFile& file);
    void tear(DiskBytes& image, const MemoryFile& file, std::size_t sector);
    void evict(MemoryFile& file);

    Random random_;
    std::map<DiskBytes, MemoryFile, std::less<>,
             DiskAllocator<std::pair<const DiskBytes, MemoryFile>>>
        files_;
    std::size_t ballast_ = 0;
    std::optional<std::size_t> capacity_;
    std::optional<DiskFault> fault_;
    bool has_failed_ = false;
    std::uint64_t generation_ = 0;
    DiskCounters counters_;
};

}  // namespace p2pd::test
