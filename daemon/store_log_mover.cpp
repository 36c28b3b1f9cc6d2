// daemon: pages of the log brought to the database ahead of its checkpoint. Includes std, SQLite,
// daemon/sqlite.h.
#include "daemon/store_log_mover.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "daemon/sqlite.h"
#include "daemon/store_page_file.h"

namespace p2pd {

namespace {

constexpr FrameNumber frames_at_once = 256;  ///< some 1 MiB of memory
constexpr std::size_t salts_at = 16;  ///< in the log's header; they tell its frames from older
constexpr std::size_t frame_salts_at = 8;
constexpr std::size_t salts_bytes = 8;

}  // namespace

LogMover::LogMover(const std::string& vfs, const std::string& database, std::size_t page_bytes)
    : database_(find_vfs(vfs), database, VfsFile::Kind::database),
      log_(find_vfs(vfs), database + "-wal", VfsFile::Kind::log),
      frames_{page_bytes} {}

LogMover::Moved LogMover::move(FrameNumber begin, FrameNumber end, sqlite3_int64 file_bytes) {
    errno = 0;
    Moved moved;
    moved.pages.reserve(end - begin);
    PageWriter writer;  // anew, as nothing may be left of a move that failed
    writer.set_file_bytes(file_bytes);
    while (begin < end) {
        const FrameNumber some = std::min(end, begin + frames_at_once);
        write(read(begin, some, moved.pages), writer);
        begin = some;
    }
    database_.check(writer.joined().flush(database_.file()));
    database_.check(database_.methods().xSync(database_.file(), SQLITE_SYNC_NORMAL));
    moved.file_bytes = writer.file_bytes();
    return moved;
}

LogMover::Newest LogMover::read(FrameNumber begin, FrameNumber end,
                                std::vector<PageNumber>& pages) {
    std::array<std::uint8_t, LogFrames::log_header_bytes> header{};
    log_.check(log_.methods().xRead(log_.file(), header.data(), header.size(), 0));
    const auto salts = std::span(header).subspan(salts_at, salts_bytes);
    bytes_.resize((end - begin) * frames_.frame_bytes());
    for (std::size_t done = 0; done < bytes_.size(); done += vfs_piece_bytes) {
        const auto piece = std::min<std::size_t>(vfs_piece_bytes, bytes_.size() - done);
        const std::size_t at = frames_.at(begin) + done;
        log_.check(log_.methods().xRead(log_.file(), &bytes_[done], static_cast<int>(piece),
                                        static_cast<sqlite3_int64>(at)));
    }
    Newest newest;
    for (FrameNumber i = 0; i < end - begin; ++i) {
        if (!std::ranges::equal(frame(i).subspan(frame_salts_at, salts_bytes), salts)) {
            throw StoreFailure("the store failed: its log was begun anew while it was being moved");
        }
        pages.push_back(load_u32(frame(i), 0));
        newest[pages.back()] = i;
    }
    return newest;
}

void LogMover::write(const Newest& newest, PageWriter& writer) {
    for (const auto& [number, i] : newest) {
        const auto page = frame(i).subspan(LogFrames::frame_header_bytes);
        const std::size_t at = (number - 1) * frames_.page_bytes;
        database_.check(writer.write(database_.file(), page, static_cast<sqlite3_int64>(at)));
    }
}

std::span<const std::uint8_t> LogMover::frame(FrameNumber number) const {
    return std::span(bytes_).subspan(number * frames_.frame_bytes(), frames_.frame_bytes());
}

}  // namespace p2pd
