// daemon: the pages of a store read without SQLite. Includes std, POSIX files,
// daemon/store_checked_vfs.h, daemon/store_folder.h (for FileHandle). The format is that of
// sqlite.org/fileformat2.html.
#include "daemon/store_page_file.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/mman.h>
#include <utility>

#include "daemon/store_checked_vfs.h"
#include "daemon/store_folder.h"

namespace p2pd {

namespace {

constexpr std::uint64_t pending_byte = 0x40000000;  // SQLite never uses the page that has it

std::span<const std::uint8_t> piece(std::span<const std::uint8_t> bytes, std::size_t at,
                                    std::size_t size) {
    if (at > bytes.size() || bytes.size() - at < size) return {};
    return bytes.subspan(at, size);
}

/// The sum of the log goes from frame to frame.
struct LogSum {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    bool operator==(const LogSum&) const = default;

    void add(std::span<const std::uint8_t> bytes, bool big_endian) {
        const auto word = [&](std::size_t at) {
            const std::uint32_t number = load_u32(bytes, at);
            return big_endian ? number : __builtin_bswap32(number);
        };
        for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
            a += word(at) + b;
            b += word(at + 4) + a;
        }
    }
};

LogSum load_sum(std::span<const std::uint8_t> bytes, std::size_t at) {
    return {load_u32(bytes, at), load_u32(bytes, at + 4)};
}

}  // namespace

std::uint32_t load_u16(std::span<const std::uint8_t> bytes, std::size_t at) {
    return std::uint32_t{bytes[at]} << 8U | bytes[at + 1];
}

std::uint32_t load_u32(std::span<const std::uint8_t> bytes, std::size_t at) {
    return load_u16(bytes, at) << 16U | load_u16(bytes, at + 2);
}

MappedFile::MappedFile(const std::filesystem::path& path) {
    const FileHandle file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    if (!file.valid() || error || size == 0) return;
    void* const begin = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (begin == MAP_FAILED) return;
    bytes_ = {static_cast<const std::uint8_t*>(begin), size};
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

PageFile::PageFile(const std::filesystem::path& database, PageNumber look_from)
    : file_(database), log_(std::filesystem::path(database) += "-wal") {
    read_header();
    read_log();
    if (look_from > page_count_) return;
    find_free();
    find_damaged(look_from);
}

/// Every store that we make has pages of 4096 bytes; of the header only the sums can be asked for.
void PageFile::read_header() {
    const auto header = piece(file_.bytes(), 0, 100);
    page_count_ = static_cast<PageNumber>((file_.bytes().size() + page_bytes_ - 1) / page_bytes_);
    if (header.empty()) return;
    constexpr std::size_t application_id_at = 68;
    const bool marked = header[application_id_at + 3] == 's';
    summed_ = header[reserved_bytes_at] == page_sum_bytes || marked;
}

/// A frame is known to be whole by the sum of the one before it, as that frame states it, so whole
/// ones are found behind a damaged one too. What is behind the last commit never happened.
void PageFile::read_log() {
    const auto header = piece(log_.bytes(), 0, LogFrames::log_header_bytes);
    if (header.empty()) return;
    const bool big_endian = (load_u32(header, 0) & 1U) != 0;
    const std::size_t frame_bytes = LogFrames{page_bytes_}.frame_bytes();
    std::vector<std::pair<PageNumber, std::size_t>> uncommitted;
    std::uint64_t damaged = 0;
    LogSum before = load_sum(header, 24);
    for (std::size_t at = LogFrames::log_header_bytes;; at += frame_bytes) {
        const auto frame = piece(log_.bytes(), at, frame_bytes);
        if (frame.empty()) break;
        const LogSum stated = load_sum(frame, 16);
        LogSum sum = std::exchange(before, stated);
        bool whole = std::ranges::equal(frame.subspan(8, 8), header.subspan(16, 8));  // of this log
        if (whole) {
            sum.add(frame.first(8), big_endian);
            sum.add(frame.subspan(LogFrames::frame_header_bytes), big_endian);
            whole = sum == stated;
        }
        if (!whole) {
            ++damaged;
            continue;
        }
        uncommitted.emplace_back(load_u32(frame, 0), at + LogFrames::frame_header_bytes);
        const PageNumber committed_pages = load_u32(frame, 4);
        if (committed_pages == 0) continue;
        for (const auto& [number, where] : std::exchange(uncommitted, {})) in_log_[number] = where;
        page_count_ = committed_pages;
        damaged_frames_ += std::exchange(damaged, 0);
    }
}

std::span<const std::uint8_t> PageFile::page(PageNumber number) const {
    if (number == 0 || damaged_.contains(number)) return {};
    if (const auto found = in_log_.find(number); found != in_log_.end()) {
        return piece(log_.bytes(), found->second, page_bytes_);
    }
    return piece(file_.bytes(), std::size_t{number - 1} * page_bytes_, page_bytes_);
}

bool PageFile::is_whole(PageNumber number) const {
    if (in_log_.contains(number) || number == pending_byte / page_bytes_ + 1) return true;
    const auto bytes = page(number);
    return !bytes.empty() && (!summed_ || is_whole_page(bytes, number));
}

/// A chain of pages, each of which lists free ones. Those hold nothing, and may never have been
/// written.
void PageFile::find_free() {
    const auto header = page(1);
    if (header.empty() || !is_whole(1)) return;
    PageNumber trunk = load_u32(header, 32);
    while (trunk != 0 && trunk <= page_count_ && is_whole(trunk) && free_.insert(trunk).second) {
        const auto bytes = page(trunk);
        const std::size_t leaves =
            std::min<std::size_t>(load_u32(bytes, 4), usable_bytes() / 4 - 2);
        for (std::size_t i = 0; i < leaves; ++i) free_.insert(load_u32(bytes, 8 + 4 * i));
        trunk = load_u32(bytes, 0);
    }
    if (trunk != 0 && trunk <= page_count_ && !is_whole(trunk)) damaged_.insert(trunk);
}

void PageFile::find_damaged(PageNumber look_from) {
    for (PageNumber number = look_from; number <= page_count_; ++number) {
        if (!free_.contains(number) && !is_whole(number)) damaged_.insert(number);
    }
}

bool is_cut(const std::filesystem::path& database) {
    std::error_code error;
    const auto log_bytes =
        std::filesystem::file_size(std::filesystem::path(database) += "-wal", error);
    if (error || log_bytes == 0) return false;  // then SQLite sees it
    const auto file_bytes = std::filesystem::file_size(database, error);
    if (error) return false;
    constexpr std::uintmax_t page_bytes = 4096;
    const PageFile pages(database, static_cast<PageNumber>(file_bytes / page_bytes + 1));
    return !pages.damaged().empty();
}

}  // namespace p2pd
