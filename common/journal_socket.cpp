// common: the socket of the systemd journal. Includes std only.
#include "common/journal_socket.h"

#include <cassert>
#include <cerrno>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace p2pd {

JournalSocket::JournalSocket(std::string path)
    : path_(std::move(path)),
      descriptor_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    assert(path_.size() < sizeof(sockaddr_un::sun_path));
}

JournalSocket::~JournalSocket() {
    if (descriptor_ >= 0) close(descriptor_);
}

JournalSocket::Outcome JournalSocket::send(std::initializer_list<Field> fields) {
    std::string entry;
    for (const auto& [name, value] : fields) {
        assert(value.find('\n') == std::string_view::npos);
        if (!value.empty()) entry.append(name).append("=").append(value).append("\n");
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    // By name each time, as the journal may have been restarted.
    if (sendto(descriptor_, entry.data(), entry.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), sizeof address) >= 0) {
        return Outcome::taken;
    }
    const bool busy = errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM || errno == EINTR;
    return busy ? Outcome::busy : Outcome::absent;
}

}  // namespace p2pd
