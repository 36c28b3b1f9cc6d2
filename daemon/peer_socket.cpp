// daemon: the UDP sockets to the peers. Includes std, Asio, core.
#include "daemon/peer_socket.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <unistd.h>

#include "daemon/core/codec.h"
#include "daemon/socket_address.h"

namespace p2pd {

namespace {

constexpr std::size_t routes_max = 4096;
constexpr Duration route_lifetime = std::chrono::seconds{2};

Instant monotonic_now() {
    return Instant{
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

/// The address that the kernel would send from; connecting a UDP socket sends nothing.
std::optional<Endpoint> ask_route(const Endpoint& peer) {
    const int descriptor = socket(peer.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return std::nullopt;
    const SocketAddress target = to_socket_address(peer);
    SocketAddress local;
    local.size = sizeof local.storage;
    const bool known = connect(descriptor, target.get(), target.size) == 0 &&
                       getsockname(descriptor, local.get(), &local.size) == 0;
    close(descriptor);
    if (!known) return std::nullopt;
    return to_endpoint(local.storage);
}

std::optional<Trouble> trouble_of(int error) {
    switch (error) {
        case ECONNREFUSED:
            return Trouble::port_unreachable;
        case EHOSTUNREACH:
        case ENETUNREACH:
            return Trouble::host_unreachable;
        case EACCES:
        case EPERM:
            return Trouble::prohibited;
        case EMSGSIZE:
            return Trouble::too_large;
        default:
            return std::nullopt;
    }
}

Endpoint unspecified_like(const Endpoint& peer) {
    return *parse_endpoint(peer.is_v4() ? "0.0.0.0" : "::", 0);
}

}  // namespace

PeerSocket::PeerSocket(boost::asio::io_context& loop, const std::vector<Endpoint>& listen,
                       PassedSockets passed) {
    if (!passed.given.empty()) {
        take_given(loop, std::move(passed.given));
        return;
    }
    std::string passed_over;
    for (const Endpoint& endpoint : listen) {
        const auto kept = std::ranges::find_if(passed.kept, [&](const PassedDescriptor& one) {
            return udp_address(one.get()) == endpoint;
        });
        try {
            if (kept != passed.kept.end()) {
                sockets_.push_back(std::make_unique<UdpSocket>(loop, std::move(*kept)));
            } else {
                listen_on(loop, endpoint);
            }
        } catch (const std::system_error& error) {
            const std::string what =
                "cannot listen on UDP " + endpoint.text() + ": " + error.code().message();
            if (error.code().value() != EAFNOSUPPORT) throw ListenError(what);
            passed_over = what;
        }
    }
    if (sockets_.empty()) throw ListenError(passed_over);
}

void PeerSocket::take_given(boost::asio::io_context& loop, std::vector<PassedDescriptor> given) {
    for (PassedDescriptor& one : given) {
        const std::string name = one.name();
        try {
            sockets_.push_back(std::make_unique<UdpSocket>(loop, std::move(one)));
        } catch (const std::system_error& error) {
            const bool both = error.code().value() == EAFNOSUPPORT;
            throw ListenError("cannot use the socket " + name + " that was passed: " +
                              (both ? "it takes IPv4 and IPv6 (BindIPv6Only=ipv6-only is missing)"
                                    : error.code().message()));
        }
    }
}

void PeerSocket::listen_on(boost::asio::io_context& loop, const Endpoint& endpoint) {
    sockets_.push_back(std::make_unique<UdpSocket>(loop, endpoint));
    UdpSocket& socket = *sockets_.back();
    if (endpoint.port != 0) to_keep_.push_back({socket.descriptor(), kept_name(socket.local())});
}

void PeerSocket::start(Handlers handlers) {
    handlers_ = std::move(handlers);
    for (const auto& socket : sockets_) receive(*socket);
}

void PeerSocket::stop_receiving() {
    receiving_ = false;
    for (const auto& socket : sockets_) socket->stop_waiting();
    if (!waiting_.empty()) wait_writable(*waiting_.front().socket);  // this waiting has ended too
}

void PeerSocket::receive(UdpSocket& socket) {
    socket.wait_readable([this, &socket](const boost::system::error_code& error) {
        if (error || !receiving_) return;
        if (!socket.receive(handlers_.received)) take_refused(socket);
        handlers_.drained();
        receive(socket);
    });
}

std::vector<Endpoint> PeerSocket::listening() const {
    std::vector<Endpoint> endpoints;
    endpoints.reserve(sockets_.size());
    for (const auto& socket : sockets_) endpoints.push_back(socket->local());
    return endpoints;
}

std::vector<Endpoint> PeerSocket::awaited() const {
    std::vector<Endpoint> endpoints;
    for (const auto& socket : sockets_) {
        if (socket->awaits_address()) endpoints.push_back(socket->local());
    }
    return endpoints;
}

PeerSocketCounters PeerSocket::counters() const {
    PeerSocketCounters counters = counters_;
    for (const auto& socket : sockets_) counters.kernel_dropped += socket->kernel_dropped();
    return counters;
}

Endpoint PeerSocket::route_to(const Endpoint& peer) {
    const Instant now = monotonic_now();
    const auto known = routes_.find(peer);
    if (known != routes_.end() && known->second.until > now) return known->second.local;
    if (routes_.size() >= routes_max) routes_.clear();
    const Endpoint local = ask_route(peer).value_or(unspecified_like(peer));
    routes_.insert_or_assign(peer, Route{local, now + route_lifetime});
    return local;
}

/// Bound to `local`, else to all addresses of its port, else of any, else the first of the family.
UdpSocket* PeerSocket::socket_for(const Endpoint& to, const Endpoint& local) {
    const auto fitness = [&](const Endpoint& bound) {
        const bool same_port = bound.port == local.port;
        if (bound.same_host(local)) return same_port ? 5 : 3;
        if (bound.is_unspecified()) return same_port ? 4 : 2;
        return 1;
    };
    UdpSocket* best = nullptr;
    for (const auto& socket : sockets_) {
        if (socket->local().is_v4() != to.is_v4()) continue;
        if (best == nullptr || fitness(socket->local()) > fitness(best->local())) {
            best = socket.get();
        }
    }
    return best;
}

std::optional<PeerSocket::Addressed> PeerSocket::address(const Transmit& transmit) {
    const Endpoint route = transmit.from ? *transmit.from : route_to(transmit.to);
    UdpSocket* const socket = socket_for(transmit.to, route);
    if (socket == nullptr) {
        ++counters_.send_errors;
        last_error_ = "no socket of the address family of " + transmit.to.text();
        return std::nullopt;
    }
    const bool wildcard = socket->local().is_unspecified();
    Endpoint local = wildcard ? route : socket->local();
    local.port = socket->local().port;
    std::optional<Endpoint> source;
    if (wildcard && transmit.from) source = local;
    return Addressed{socket, {transmit.to, source, encode(transmit, local), transmit.full}};
}

void PeerSocket::send(const std::vector<Transmit>& transmits) {
    const std::size_t before = waiting_.size();
    std::vector<const Transmit*> leaving;
    for (const Transmit& transmit : transmits) {
        auto addressed = address(transmit);
        if (!addressed) continue;
        leaving.push_back(&transmit);
        waiting_.push_back(std::move(*addressed));
    }
    even_out(before);
    for (std::size_t i = 0; i < leaving.size(); ++i) {
        handlers_.encoded(*leaving[i], waiting_[before + i].datagram.bytes.size());
    }
    flush_waiting();
}

/// Neighbours of one size are one message for the kernel; those that differ much stay as they are.
void PeerSocket::even_out(std::size_t from) {
    const auto datagram = [this](std::size_t i) -> OutDatagram& { return waiting_[i].datagram; };
    for (std::size_t end = from; from < waiting_.size(); from = end) {
        std::size_t largest = 0;
        for (end = from; end < waiting_.size() && datagram(end).may_be_filled &&
                         datagram(end).to == datagram(from).to;
             ++end) {
            largest = std::max(largest, datagram(end).bytes.size());
        }
        for (std::size_t i = from; i < end; ++i) {
            std::string& bytes = datagram(i).bytes;
            if (bytes.size() >= largest - largest / 8) bytes.resize(largest, ' ');
        }
        end = std::max(end, from + 1);
    }
}

void PeerSocket::flush_waiting() {
    while (!waiting_.empty()) {
        UdpSocket& socket = *waiting_.front().socket;
        std::vector<OutDatagram> run;
        while (run.size() < waiting_.size() && waiting_[run.size()].socket == &socket) {
            run.push_back(std::move(waiting_[run.size()].datagram));
        }
        const UdpSocket::Sent sent = socket.send(run);
        for (std::size_t i = sent.count; i < run.size(); ++i) {
            waiting_[i].datagram = std::move(run[i]);
        }
        waiting_.erase(waiting_.begin(),
                       waiting_.begin() + static_cast<std::ptrdiff_t>(sent.count));
        if (sent.error == 0) continue;
        if (sent.error == EAGAIN || sent.error == EWOULDBLOCK) {
            wait_writable(socket);
            return;
        }
        drop_first(sent.error);
    }
}

/// An error of one datagram is a loss; the address may have gone, so it tries without it once.
void PeerSocket::drop_first(int error) {
    OutDatagram& first = waiting_.front().datagram;
    if (first.source && (error == EINVAL || error == EADDRNOTAVAIL || error == ENETUNREACH)) {
        first.source.reset();
        return;
    }
    if (error == EMSGSIZE) {
        const Endpoint peer = first.to;
        waiting_.pop_front();
        handlers_.too_large(peer);
        return;
    }
    tell_refused(first.to, error);
    ++counters_.send_errors;
    last_error_ =
        "cannot send to " + first.to.text() + ": " + std::generic_category().message(error);
    waiting_.pop_front();
}

void PeerSocket::take_refused(UdpSocket& socket) {
    socket.take_refused([this](const Endpoint& to, int error) { tell_refused(to, error); });
}

void PeerSocket::tell_refused(const Endpoint& peer, int error) {
    if (const auto what = trouble_of(error)) handlers_.refused(peer, *what);
}

void PeerSocket::wait_writable(UdpSocket& socket) {
    socket.wait_writable([this, &socket](const boost::system::error_code& error) {
        if (error) return;
        take_refused(socket);
        flush_waiting();
        if (waiting_.empty()) handlers_.writable();
    });
}

}  // namespace p2pd
