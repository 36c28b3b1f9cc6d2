// tests/bench: the least that any design with a disk does. Includes std, POSIX and bench.
// raw_log --target SOCKET --to FOLDER --bytes N forks into two processes:
//   client - Unix socket -> append, fdatasync -> UDP (GSO/GRO) -> append, fdatasync -> ACK - client
// Each syncs what has come meanwhile as one group. Frames have one size: a number, then the text.
// ACKs are cumulative; what is lost goes again after a silence.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/signal.h>
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/segments.h"
#include "tests/bench/sockets.h"

namespace bench {
namespace {

constexpr std::size_t gathered_max = 4U << 20;
constexpr int silence_ms = 200;

class Log {
public:
    explicit Log(const std::string& path)
        : descriptor_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
        if (descriptor_ < 0) fail_with_errno(path);
    }
    /// On the disk when it returns.
    void append(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t size = write(descriptor_, bytes.data(), bytes.size());
            if (size < 0) fail_with_errno("write");
            bytes.remove_prefix(static_cast<std::size_t>(size));
        }
        if (fdatasync(descriptor_) != 0) fail_with_errno("fdatasync");
    }

private:
    int descriptor_;
};

/// The socket has its name once it listens.
int accept_client(const std::string& path) {
    const std::string early = path + ".new";
    const sockaddr_un address = unix_address(early);
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, any(address), sizeof address) != 0 || listen(listener, 1) != 0 ||
        std::rename(early.c_str(), path.c_str()) != 0) {
        fail_with_errno("bind");
    }
    return accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
}

std::uint64_t number_at(std::string_view bytes) {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof number);
    return number;
}

/// Takes frames in their order, syncs them as a group, says how far it is.
[[noreturn]] void receive_frames(int descriptor, const Log& log, std::size_t frame_bytes) {
    std::uint64_t next = 0;
    std::string frames;
    for (;;) {
        pollfd entry{descriptor, POLLIN, 0};
        poll(&entry, 1, -1);
        frames.clear();
        receive_segments(descriptor, gathered_max, [&](std::string_view frame) {
            if (frame.size() != frame_bytes || number_at(frame) != next) return;
            ++next;
            frames += frame;
        });
        if (!frames.empty()) log.append(frames);
        // What came twice is confirmed again, too: its ACK may be what was lost.
        if (next > 0) send(descriptor, &next, sizeof next, 0);
    }
}

class Sender {
public:
    Sender(int client, int peer, const Log& log, std::size_t frame_bytes)
        : client_(client), peer_(peer), log_(log), frame_bytes_(frame_bytes) {}

    /// Until the client leaves.
    void run() {
        for (;;) {
            pollfd entries[] = {{client_, POLLIN, 0}, {peer_, POLLIN, 0}};
            const int ready = poll(entries, 2, unconfirmed_.empty() ? -1 : silence_ms);
            if (ready == 0) send_segments(peer_, unconfirmed_, frame_bytes_);
            if ((entries[1].revents & POLLIN) != 0) take_acks();
            if (entries[0].revents != 0 && !take_frames()) return;
        }
    }

private:
    bool take_frames() {
        const std::size_t before = gathered_.size();
        gathered_.resize(before + gathered_max);
        const ssize_t size = recv(client_, gathered_.data() + before, gathered_max, MSG_DONTWAIT);
        gathered_.resize(before + static_cast<std::size_t>(size > 0 ? size : 0));
        if (size == 0) return false;
        const std::size_t whole = gathered_.size() / frame_bytes_ * frame_bytes_;
        const std::string_view frames = std::string_view{gathered_}.substr(0, whole);
        if (!frames.empty()) {
            log_.append(frames);
            send_segments(peer_, frames, frame_bytes_);
        }
        unconfirmed_ += frames;
        gathered_.erase(0, whole);
        return true;
    }

    void take_acks() {
        std::uint64_t through = 0;
        while (recv(peer_, &through, sizeof through, MSG_DONTWAIT) == sizeof through) {
            if (through <= confirmed_) continue;
            unconfirmed_.erase(0, (through - confirmed_) * frame_bytes_);
            confirmed_ = through;
            if (send(client_, &through, sizeof through, MSG_NOSIGNAL) < 0) return;
        }
    }

    int client_;
    int peer_;
    const Log& log_;
    const std::size_t frame_bytes_;
    std::string gathered_;     ///< may end within a frame
    std::string unconfirmed_;  ///< from number confirmed_ on
    std::uint64_t confirmed_ = 0;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    using namespace bench;
    const Load load = parse_load(argc, argv);
    const std::size_t frame_bytes = sizeof(std::uint64_t) + load.bytes;
    const auto [near, far] = udp_pair();
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        receive_frames(far, Log(load.to + "/receiver.log"), frame_bytes);
    }
    const Log log(load.to + "/sender.log");
    Sender(accept_client(load.target), near, log, frame_bytes).run();
    return 0;
}
