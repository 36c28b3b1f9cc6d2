// daemon: the pages of a store read without SQLite, to find out which of them are whole. Includes
// std, daemon/store_log_frames.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <unordered_map>

#include "daemon/store_log_frames.h"

namespace p2pd {

/// Big-endian numbers, as SQLite's file format has them.
std::uint32_t load_u16(std::span<const std::uint8_t> bytes, std::size_t at);
std::uint32_t load_u32(std::span<const std::uint8_t> bytes, std::size_t at);

/// A file as memory, empty if there is none; nobody else may cut it meanwhile.
class MappedFile {
public:
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    std::span<const std::uint8_t> bytes() const { return bytes_; }

private:
    std::span<const std::uint8_t> bytes_;
};

/// The database file with what its log has over it. Reads what SQLite would, and beyond: frames of
/// the log behind a damaged one, and everything around damaged pages.
class PageFile {
public:
    /// damaged() is about the pages from `look_from` on; free() only if there are such.
    explicit PageFile(const std::filesystem::path& database, PageNumber look_from = 1);

    bool summed() const { return summed_; }
    std::size_t page_bytes() const { return page_bytes_; }
    std::size_t usable_bytes() const { return summed_ ? page_bytes_ - 8 : page_bytes_; }
    PageNumber page_count() const { return page_count_; }
    /// Empty: it is not there, or damaged.
    std::span<const std::uint8_t> page(PageNumber number) const;

    /// Pages without their sum, or beyond the end of the file; none of those that are free.
    const std::set<PageNumber>& damaged() const { return damaged_; }
    const std::set<PageNumber>& free() const { return free_; }
    /// Frames of the log that are damaged, with whole ones behind them.
    std::uint64_t damaged_frames() const { return damaged_frames_; }

private:
    void read_header();
    void read_log();
    void find_free();
    void find_damaged(PageNumber look_from);
    bool is_whole(PageNumber number) const;

    MappedFile file_;
    MappedFile log_;
    bool summed_ = false;
    std::size_t page_bytes_ = 4096;
    PageNumber page_count_ = 0;
    std::unordered_map<PageNumber, std::size_t> in_log_;  ///< where its newest frame has it
    std::uint64_t damaged_frames_ = 0;
    std::set<PageNumber> free_;
    std::set<PageNumber> damaged_;
};

/// Is the file shorter than what its log was written over? SQLite would take the pages that neither
/// has for zeros, and so would whoever writes behind them.
bool is_cut(const std::filesystem::path& database);

}  // namespace p2pd
