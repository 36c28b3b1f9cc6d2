// ctl: how far a named reader has come, on disk. Includes std, POSIX and common.
#include "ctl/bookmark.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>

#include "common/ascii.h"
#include "ctl/control_error.h"
#include "ctl/language.h"

namespace p2pd {

namespace {

constexpr std::size_t name_bytes_max = 64;

[[noreturn]] void fail(const std::filesystem::path& path) {
    throw ControlError(error_io, path.string() + ": " + std::strerror(errno));
}

void check_name(std::string_view name) {
    const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
    if (name.empty() || name.size() > name_bytes_max || !std::ranges::all_of(name, allowed)) {
        throw ControlError(error_usage, tr("--cursor takes a name of letters, digits, - and _"));
    }
}

std::filesystem::path folder() {
    const char* const state = std::getenv("XDG_STATE_HOME");
    if (state != nullptr && *state == '/') return std::filesystem::path(state) / "p2pctl";
    const char* const home = std::getenv("HOME");
    if (home == nullptr || *home != '/') {
        throw ControlError(error_io, tr("no place for a cursor: $HOME is not set"),
                           tr("set XDG_STATE_HOME to a folder"));
    }
    return std::filesystem::path(home) / ".local/state/p2pctl";
}

FileDescriptor open_file(const std::filesystem::path& path, int flags) {
    FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0600));
    if (file.get() < 0) fail(path);
    return file;
}

void write_synced(const std::filesystem::path& path, int flags, std::string_view text) {
    const FileDescriptor file = open_file(path, O_WRONLY | O_CREAT | flags);
    const auto size = static_cast<ssize_t>(text.size());
    if (::write(file.get(), text.data(), text.size()) != size || ::fsync(file.get()) != 0) {
        fail(path);
    }
}

/// So that the names in it are on disk, too.
void sync_folder(const std::filesystem::path& path) {
    const FileDescriptor file = open_file(path, O_RDONLY | O_DIRECTORY);
    if (::fsync(file.get()) != 0) fail(path);
}

std::optional<std::uint64_t> read_number(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string line;
    if (!file.is_open() || !std::getline(file, line)) return std::nullopt;
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != line.data() + line.size()) {
        throw ControlError(error_io, tr("{1} is damaged", path.string()),
                           tr("remove it to begin anew, or write the cursor into it"));
    }
    return number;
}

}  // namespace

Bookmark::Bookmark(std::string_view name) {
    check_name(name);
    const std::filesystem::path place = folder();
    std::error_code error;
    std::filesystem::create_directories(place, error);
    path_ = place / name;
    lock_ = open_file(path_.string() + ".lock", O_RDWR | O_CREAT);
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) fail(path_);
        throw ControlError("in_use", ExitCode::not_confirmed,
                           tr("another p2pctl uses the cursor {1}", name), "");
    }
    cursor_ = read_number(path_);
}

void Bookmark::save(std::optional<std::uint64_t> cursor) {
    if (!cursor || cursor_ == cursor) return;
    const std::filesystem::path next = path_.string() + ".new";
    write_synced(next, O_TRUNC, std::to_string(*cursor) + "\n");
    if (::rename(next.c_str(), path_.c_str()) != 0) fail(path_);
    sync_folder(path_.parent_path());
    cursor_ = cursor;
}

std::filesystem::path Bookmark::aside_path() const {
    return path_.string() + ".failed";
}

void Bookmark::set_aside(const SetAside& message) {
    write_synced(aside_path(), O_APPEND, std::to_string(message.id) + " " + message.why + "\n");
}

std::vector<SetAside> Bookmark::aside() const {
    std::vector<SetAside> all;
    std::ifstream file(aside_path());
    for (SetAside each; file >> each.id && std::getline(file >> std::ws, each.why);) {
        all.push_back(each);
    }
    return all;
}

}  // namespace p2pd
