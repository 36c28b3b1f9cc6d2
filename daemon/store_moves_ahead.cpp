// daemon: when pages go to the database ahead of a checkpoint. Includes std, daemon/sqlite.h.
#include "daemon/store_moves_ahead.h"

#include <chrono>
#include <system_error>
#include <utility>

#include "daemon/sqlite.h"

namespace p2pd {

MovesAhead::MovesAhead(CheckedVfs& vfs, MoveAhead how, std::string vfs_name, std::string database,
                       std::size_t page_bytes)
    : vfs_(vfs),
      how_(how),
      vfs_name_(std::move(vfs_name)),
      database_(std::move(database)),
      page_bytes_(page_bytes) {}

bool MovesAhead::is_under_way() const {
    return move_.valid() && move_.wait_for(std::chrono::seconds{0}) == std::future_status::timeout;
}

bool MovesAhead::begin(FrameNumber end) {
    if (how_ == MoveAhead::never || had_no_room_ || !vfs_.summed()) return false;
    if (!mover_) mover_.emplace(vfs_name_, database_, page_bytes_);
    const auto policy = how_ == MoveAhead::beside ? std::launch::async : std::launch::deferred;
    try {
        move_ = std::async(policy, &MovesAhead::move, this, moved_, end, vfs_.file_bytes());
    } catch (const std::system_error&) {
        return false;  // no thread is to be had
    }
    return true;
}

/// In the mover's thread. Empty: there was no room.
std::optional<MovesAhead::Moved> MovesAhead::move(FrameNumber begin, FrameNumber end,
                                                  sqlite3_int64 file_bytes) {
    try {
        return mover_->move(begin, end, file_bytes);
    } catch (const sqlite::Full&) {
        return std::nullopt;
    }
}

void MovesAhead::finish() {
    if (!move_.valid()) return;
    const std::optional<Moved> moved = move_.get();
    had_no_room_ = !moved;
    if (!moved) return;
    vfs_.moved(moved->pages, moved->file_bytes);
    moved_ += static_cast<FrameNumber>(moved->pages.size());
}

void MovesAhead::log_begins_anew() {
    moved_ = 0;
    had_no_room_ = false;
    vfs_.log_begins_anew();
}

}  // namespace p2pd
