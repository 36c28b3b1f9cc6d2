// tests/bench: reliable packets of ENet, confirmed by the receiving program. Includes std, POSIX,
// enet.
// `--target` is the port of the receiver, which is a process of our own; `--host` is where it is
// sent to, which may lead over a relay.
#include <cstring>
#include <enet/enet.h>
#include <string>
#include <sys/prctl.h>
#include <sys/signal.h>
#include <unistd.h>
#include <vector>

#include "tests/bench/load.h"

namespace bench {
namespace {

constexpr int patience_ms = 5000;
/// ENet repeats what is lost only when it is called.
constexpr enet_uint32 step_ms = 5;

ENetAddress address_of(const std::string& ip, int port) {
    ENetAddress address{};
    enet_address_set_host(&address, ip.c_str());
    address.port = static_cast<enet_uint16>(port);
    return address;
}

void send_reliably(ENetPeer* peer, std::string_view bytes) {
    ENetPacket* const packet =
        enet_packet_create(bytes.data(), bytes.size(), ENET_PACKET_FLAG_RELIABLE);
    if (enet_peer_send(peer, 0, packet) != 0) fail("enet: the peer has been given up");
}

/// Answers each packet with its number: the program has it, which ENet's own ACK does not say.
[[noreturn]] void receive(int port) {
    const ENetAddress address = address_of("0.0.0.0", port);
    ENetHost* const host = enet_host_create(&address, 1, 1, 0, 0);
    if (host == nullptr) fail("enet: bind");
    ENetEvent event;
    for (;;) {
        for (int ready = enet_host_service(host, &event, step_ms); ready > 0;
             ready = enet_host_check_events(host, &event)) {
            if (event.type != ENET_EVENT_TYPE_RECEIVE) continue;
            send_reliably(event.peer, {reinterpret_cast<const char*>(event.packet->data), 8});
            enet_packet_destroy(event.packet);
        }
        enet_host_flush(host);
    }
}

ENetPeer* connect(ENetHost* host, const Load& load) {
    const ENetAddress address = address_of(load.host, port_of(load));
    ENetPeer* const peer = enet_host_connect(host, &address, 1, 0);
    ENetEvent event;
    for (int waited_ms = 0; waited_ms < patience_ms; waited_ms += step_ms) {
        const bool any = enet_host_service(host, &event, step_ms) > 0;
        if (any && event.type == ENET_EVENT_TYPE_CONNECT) return peer;
    }
    fail("enet: cannot connect");
}

void take_events(ENetHost* host, Meter& meter) {
    ENetEvent event;
    for (int ready = enet_host_service(host, &event, 1); ready > 0;
         ready = enet_host_check_events(host, &event)) {
        if (event.type == ENET_EVENT_TYPE_DISCONNECT) fail("enet: the peer has been given up");
        if (event.type != ENET_EVENT_TYPE_RECEIVE) continue;
        std::uint64_t number = 0;
        std::memcpy(&number, event.packet->data, sizeof number);
        meter.confirmed(number);
        enet_packet_destroy(event.packet);
    }
}

void run(const Load& load) {
    ENetHost* const host = enet_host_create(nullptr, 1, 1, 0, 0);
    ENetPeer* const peer = connect(host, load);
    const std::vector<std::string> texts = texts_of(load.bytes);
    Meter meter(load);
    while (!meter.finished()) {
        while (meter.may_send()) {
            const std::uint64_t number = meter.sent();
            std::string bytes(reinterpret_cast<const char*>(&number), sizeof number);
            send_reliably(peer, bytes += texts[number % texts.size()]);
        }
        enet_host_flush(host);
        take_events(host, meter);
    }
    meter.print();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    const bench::Load load = bench::parse_load(argc, argv);
    enet_initialize();
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        bench::receive(bench::port_of(load));
    }
    bench::run(load);
    return 0;
}
