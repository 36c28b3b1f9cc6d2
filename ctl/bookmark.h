// ctl: how far a named reader has come, on disk. Includes std, POSIX and common.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/file_descriptor.h"

namespace p2pd {

/// A message whose hook failed as often as it may.
struct SetAside {
    std::uint64_t id = 0;
    std::string why;
};

/// `watch --cursor NAME`: a file of the user's in $XDG_STATE_HOME/p2pctl (~/.local/state/p2pctl),
/// one reader at a time. What it says has been handled, whatever happened since.
class Bookmark {
public:
    /// Throws ControlError: (64) for a name that is no file name, (74) if there is no folder or the
    /// file cannot be used, (75) while another reader has it.
    explicit Bookmark(std::string_view name);

    /// Empty: nothing has been read under this name.
    std::optional<std::uint64_t> cursor() const { return cursor_; }
    /// On disk when it returns; throws ControlError (74). An empty one says nothing.
    void save(std::optional<std::uint64_t> cursor);
    /// A child of this process has saved it.
    void saved(std::optional<std::uint64_t> cursor) { cursor_ = cursor; }

    void set_aside(const SetAside& message);
    /// All that were, the oldest first.
    std::vector<SetAside> aside() const;

private:
    std::filesystem::path aside_path() const;

    std::filesystem::path path_;
    FileDescriptor lock_;
    std::optional<std::uint64_t> cursor_;
};

}  // namespace p2pd
