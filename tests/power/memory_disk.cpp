// tests/power: a disk in memory that loses its power, fails and fills up. Includes std.
#include "tests/power/memory_disk.h"

#include <algorithm>
#include <cstring>

namespace p2pd::test {

namespace {

constexpr std::size_t page_bytes = 4096;  ///< of the page cache

void copy_within(DiskBytes& to, const DiskBytes& from, std::size_t begin, std::size_t end) {
    end = std::min({end, to.size(), from.size()});
    if (begin < end) std::memcpy(to.data() + begin, from.data() + begin, end - begin);
}

/// The length that the file has now, and zeros where it was shorter since the last sync.
void sync_length(MemoryFile& file) {
    file.durable.resize(std::min(file.durable.size(), file.shortest));
    file.durable.resize(file.cache.size());
}

void mark_clean(MemoryFile& file) {
    for (const std::size_t sector : file.dirty_sectors) file.dirty[sector] = false;
    file.dirty_sectors.clear();
    file.shortest = file.cache.size();
}

}  // namespace

std::uint64_t Random::next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

const char* name_of(DiskOperation operation) {
    static constexpr std::array names{"open", "read", "write", "sync", "truncate", "remove"};
    return names.at(static_cast<std::size_t>(operation));
}

void MemoryDisk::fail(const DiskFault& fault) {
    fault_ = fault;
    has_failed_ = false;
}

void MemoryDisk::heal() {
    fault_.reset();
}

DiskResult MemoryDisk::before(DiskOperation operation) {
    const auto kind = static_cast<std::size_t>(operation);
    ++counters_.operations.at(kind);
    if (!fault_ || fault_->operation.value_or(operation) != operation) return DiskResult::ok;
    const bool full = fault_->kind == DiskFault::Kind::full;
    if (full && operation != DiskOperation::write) return DiskResult::ok;
    if (fault_->at > 1) {
        --fault_->at;
        return DiskResult::ok;
    }
    has_failed_ = true;
    if (fault_->kind == DiskFault::Kind::power_cut) {
        power_cut();
        return DiskResult::dead;
    }
    if (!fault_->for_ever) fault_.reset();
    full ? ++counters_.no_room : ++counters_.failed.at(kind);
    return full ? DiskResult::full : DiskResult::failed;
}

std::size_t MemoryDisk::used() const {
    std::size_t bytes = ballast_;
    for (const auto& [name, file] : files_) {
        if (file.linked) bytes += std::max(file.cache.size(), file.reserved);
    }
    return bytes;
}

void MemoryDisk::set_full(bool full) {
    capacity_ = full ? std::optional(used()) : std::nullopt;
}

bool MemoryDisk::has_room(std::size_t more) {
    if (more == 0 || !capacity_ || used() + more <= *capacity_) return true;
    ++counters_.no_room;
    return false;
}

MemoryFile* MemoryDisk::find(std::string_view name) {
    const auto found = files_.find(name);
    return found != files_.end() && found->second.linked ? &found->second : nullptr;
}

MemoryFile* MemoryDisk::open(std::string_view name, bool create) {
    if (before(DiskOperation::open) != DiskResult::ok) return nullptr;
    if (MemoryFile* file = find(name); file != nullptr || !create) return file;
    MemoryFile& file = files_[DiskBytes(name)];
    file.linked = true;
    return &file;
}

DiskResult MemoryDisk::read(const MemoryFile& file, char* to, std::size_t size, std::size_t at,
                            std::size_t& done) {
    done = 0;
    if (before(DiskOperation::read) != DiskResult::ok) return DiskResult::failed;
    if (at >= file.cache.size()) return DiskResult::ok;
    done = std::min(size, file.cache.size() - at);
    std::memcpy(to, file.cache.data() + at, done);
    return DiskResult::ok;
}

void MemoryDisk::put(MemoryFile& file, std::string_view bytes, std::size_t at) {
    const std::size_t end = at + bytes.size();
    if (bytes.empty()) return;
    if (file.cache.size() < end) file.cache.resize(end);
    std::memcpy(file.cache.data() + at, bytes.data(), bytes.size());
    const std::size_t sectors = (end + sector_bytes - 1) / sector_bytes;
    if (file.dirty.size() < sectors) file.dirty.resize(sectors);
    for (std::size_t sector = at / sector_bytes; sector < sectors; ++sector) {
        if (file.dirty[sector]) continue;
        file.dirty[sector] = true;
        file.dirty_sectors.push_back(sector);
    }
}

/// A write that fails may have written some of it, or all; one that finds no room, less than all.
DiskResult MemoryDisk::write(MemoryFile& file, std::string_view bytes, std::size_t at) {
    DiskResult result = before(DiskOperation::write);
    if (result == DiskResult::dead) return result;
    const std::size_t end = at + bytes.size();
    const std::size_t owned = std::max(file.cache.size(), file.reserved);
    if (result == DiskResult::ok && !has_room(end > owned ? end - owned : 0)) {
        result = DiskResult::full;
    }
    if (result != DiskResult::ok) {
        const std::size_t room = capacity_ ? std::max(owned, at) - at : bytes.size();
        const std::size_t most = std::min(room, bytes.size());
        const bool all = result != DiskResult::full && most == bytes.size();
        bytes = bytes.substr(0, random_.below(all ? most + 1 : std::max<std::size_t>(most, 1)));
    }
    put(file, bytes, at);
    return result;
}

DiskResult MemoryDisk::truncate(MemoryFile& file, std::size_t size) {
    const DiskResult result = before(DiskOperation::truncate);
    if (result != DiskResult::ok) return result;
    file.cache.resize(size);
    file.shortest = std::min(file.shortest, size);
    file.reserved = std::min(file.reserved, size);
    return DiskResult::ok;
}

DiskResult MemoryDisk::sync(MemoryFile& file) {
    const DiskResult result = before(DiskOperation::sync);
    if (result == DiskResult::failed) lose(file);
    if (result != DiskResult::ok) return result;
    sync_length(file);
    for (const std::size_t sector : file.dirty_sectors) {
        const std::size_t begin = sector * sector_bytes;
        copy_within(file.durable, file.cache, begin, begin + sector_bytes);
    }
    mark_clean(file);
    return DiskResult::ok;
}

void MemoryDisk::lose(MemoryFile& file) {
    const bool all = random_.one_in(2);
    if (random_.one_in(2)) sync_length(file);
    for (const std::size_t sector : file.dirty_sectors) {
        if (!all && random_.one_in(2)) tear(file.durable, file, sector);
    }
    mark_clean(file);
    file.lost = true;
}

DiskResult MemoryDisk::remove(std::string_view name) {
    const DiskResult result = before(DiskOperation::remove);
    if (result != DiskResult::ok) return result;
    MemoryFile* const file = find(name);
    if (file == nullptr) return result;
    file->linked = false;
    file->cache.clear();
    file->shortest = 0;
    file->reserved = 0;
    return DiskResult::ok;
}

DiskResult MemoryDisk::sync_folder() {
    if (before(DiskOperation::sync) != DiskResult::ok) return DiskResult::failed;
    for (auto& [name, file] : files_) file.linked_durably = file.linked;
    return DiskResult::ok;
}

bool MemoryDisk::reserve(MemoryFile& file, std::size_t end) {
    const std::size_t owned = std::max(file.cache.size(), file.reserved);
    if (end <= owned) return true;
    if (!has_room(end - owned)) return false;
    file.reserved = end;
    return true;
}

bool MemoryDisk::set_ballast(std::size_t bytes) {
    if (bytes > ballast_ && !has_room(bytes - ballast_)) return false;
    ballast_ = bytes;
    return true;
}

void MemoryDisk::power_cut() {
    ++generation_;
    ++counters_.power_cuts;
    heal();
    for (auto entry = files_.begin(); entry != files_.end();) {
        MemoryFile& file = entry->second;
        if (file.linked != file.linked_durably) file.linked = random_.one_in(2);
        if (file.linked) {
            cut(file);
            ++entry;
        } else {
            entry = files_.erase(entry);
        }
    }
}

void MemoryDisk::cut(MemoryFile& file) {
    DiskBytes& image = file.durable;
    if (random_.one_in(2)) image.resize(std::min(image.size(), file.shortest));
    if (image.size() < file.cache.size() && random_.one_in(2)) image.resize(file.cache.size());
    for (const std::size_t sector : file.dirty_sectors) {
        if (!random_.one_in(2)) tear(image, file, sector);
    }
    file.cache = image;
    mark_clean(file);
    file.lost = false;
    file.linked_durably = true;
}

/// Brings the sector to the disk, one time in eight only its head or its tail.
void MemoryDisk::tear(DiskBytes& image, const MemoryFile& file, std::size_t sector) {
    std::size_t begin = sector * sector_bytes;
    std::size_t end = begin + sector_bytes;
    if (random_.one_in(8)) {
        const std::size_t edge = begin + random_.below(sector_bytes);
        (random_.one_in(2) ? begin : end) = edge;
    }
    copy_within(image, file.cache, begin, end);
}

void MemoryDisk::end_process() {
    ++generation_;
    for (auto& [name, file] : files_) {
        if (file.linked && file.lost) evict(file);
    }
}

void MemoryDisk::evict(MemoryFile& file) {
    for (std::size_t begin = 0; begin < file.cache.size(); begin += page_bytes) {
        const std::size_t end = std::min(begin + page_bytes, file.cache.size());
        const auto is_dirty = [&](std::size_t at) {
            return at / sector_bytes < file.dirty.size() && file.dirty[at / sector_bytes];
        };
        bool clean = true;
        for (std::size_t at = begin; at < end; at += sector_bytes) clean = clean && !is_dirty(at);
        if (!clean || !random_.one_in(8)) continue;
        std::fill(file.cache.begin() + static_cast<std::ptrdiff_t>(begin),
                  file.cache.begin() + static_cast<std::ptrdiff_t>(end), '\0');
        copy_within(file.cache, file.durable, begin, end);
    }
}

}  // namespace p2pd::test
