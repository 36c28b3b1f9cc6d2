// daemon: when pages go to the database ahead of a checkpoint, and beside what. Includes std, the
// rooms of the store.
#pragma once

#include <future>
#include <optional>
#include <string>
#include <vector>

#include "daemon/store.h"
#include "daemon/store_checked_vfs.h"
#include "daemon/store_log_mover.h"

namespace p2pd {

/// Has the mover work in a thread of its own, one move at a time, and tells the connection's file
/// system what a checkpoint need not do again. So that is short, and no message waits for what most
/// of it was: the writing and the syncing of the database.
class MovesAhead {
public:
    MovesAhead(CheckedVfs& vfs, MoveAhead how, std::string vfs_name, std::string database,
               std::size_t page_bytes);

    bool is_under_way() const;
    /// Begins to move what the log has up to frame `end`, all of it committed and synced; none is
    /// under way. False: that cannot be done now, and a checkpoint has to.
    bool begin(FrameNumber end);
    /// Takes in the move that was begun, if there is one; waits for its end. Throws what has ended
    /// it, but for a lack of room: then the log has everything, and a checkpoint will say so.
    void finish();
    /// Frames from the beginning of the log that need no checkpoint any more.
    FrameNumber moved() const { return moved_; }
    /// A checkpoint was complete: the next frame is the first one.
    void log_begins_anew();

private:
    using Moved = LogMover::Moved;

    std::optional<Moved> move(FrameNumber begin, FrameNumber end, sqlite3_int64 file_bytes);

    CheckedVfs& vfs_;
    MoveAhead how_;
    std::string vfs_name_;
    std::string database_;
    std::size_t page_bytes_;
    FrameNumber moved_ = 0;
    bool had_no_room_ = false;  ///< for this log
    std::optional<LogMover> mover_;
    std::future<std::optional<Moved>> move_;  ///< the last: its end waits for what uses the others
};

}  // namespace p2pd
