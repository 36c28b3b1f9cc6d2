// tests/bench: plain TCP, confirmed by the receiving program. Includes std, POSIX and bench.
// `--target` is the port of the receiver, which is a process of our own and keeps nothing; `--host`
// is where it is sent to, which may lead over a relay. `--mode` names the congestion control.
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "tests/bench/line_socket.h"
#include "tests/bench/load.h"
#include "tests/bench/sockets.h"

namespace bench {
namespace {

/// Who connects gets the congestion control as well.
int listen_on(int port, const std::string& congestion_control) {
    sockaddr_in address = loopback(port);
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!congestion_control.empty()) set_congestion_control(listener, congestion_control);
    if (bind(listener, any(address), sizeof address) != 0 || listen(listener, 1) != 0) {
        fail_with_errno("bind");
    }
    return listener;
}

/// Says after each read how many whole frames have come.
[[noreturn]] void receive(int listener, std::size_t frame_bytes) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    const int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::string buffer(1 << 18, '\0');
    std::uint64_t bytes = 0;
    std::uint64_t said = 0;
    for (;;) {
        const ssize_t size = recv(client, buffer.data(), buffer.size(), 0);
        if (size <= 0) _exit(0);
        bytes += static_cast<std::uint64_t>(size);
        const std::uint64_t count = bytes / frame_bytes;
        if (count == said) continue;
        said = count;
        if (send(client, &count, sizeof count, MSG_NOSIGNAL) != sizeof count) _exit(0);
    }
}

void run(const Load& load) {
    const std::vector<std::string> texts = texts_of(load.bytes);
    LineSocket socket = LineSocket::to_port(port_of(load), load.host);
    if (!load.mode.empty()) socket.use_congestion_control(load.mode);
    Meter meter(load);
    while (!meter.finished()) {
        while (meter.may_send()) {
            const std::uint64_t number = meter.sent();
            socket.write({reinterpret_cast<const char*>(&number), sizeof number});
            socket.write(texts[number % texts.size()]);
        }
        socket.transfer();
        while (const auto bytes = socket.take_bytes(sizeof(std::uint64_t))) {
            std::uint64_t count = 0;
            std::memcpy(&count, bytes->data(), sizeof count);
            meter.confirmed_through(count - 1);
        }
    }
    meter.print();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    using namespace bench;
    const Load load = parse_load(argc, argv);
    const int listener = listen_on(port_of(load), load.mode);
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        receive(listener, sizeof(std::uint64_t) + load.bytes);
    }
    run(load);
    return 0;
}
