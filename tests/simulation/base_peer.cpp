// tests: a program of the field, by the letter of wire.md. It has a JSON reader of its own.
#include "tests/simulation/base_peer.h"

#include <cmath>

#include <nlohmann/json.hpp>

namespace p2pd {

namespace {

using nlohmann::json;

constexpr std::size_t receive_bytes_max = 1024;
constexpr int tries_max = 5;
constexpr std::chrono::seconds try_interval{5};
constexpr double first_stamp = 1'732'260'000;

}  // namespace

BasePeer::BasePeer(const Endpoint& endpoint, EventQueue& events, SimulatedNetwork& network)
    : endpoint_(endpoint), events_(events), network_(network) {
    network_.listen(endpoint_, [this](const Endpoint& from, const std::string& bytes) {
        if (death_.empty()) receive(from, bytes);
    });
}

void BasePeer::receive(const Endpoint& from, const std::string& bytes) {
    try {
        if (bytes.empty()) throw std::runtime_error("an empty datagram");
        if (bytes.size() > receive_bytes_max) throw std::runtime_error("too long a datagram");
        understand(from, bytes);
    } catch (const std::exception& error) {
        death_ = std::string(error.what()) + ": " + bytes;
    }
}

void BasePeer::understand(const Endpoint& from, const std::string& bytes) {
    const json object = json::parse(bytes);
    if (!object.is_object()) throw std::runtime_error("no object");
    if (object.contains("ACK")) {
        confirmed_flag_ = true;  // whosever it is
        return;
    }
    const bool is_reply = object.contains("Mensagem de resposta");
    const json& stamp =
        object.at(is_reply ? "Timestamp da mensagem de resposta" : "Timestamp da mensagem");
    if (!stamp.is_number()) throw std::runtime_error("a timestamp that is no number");
    shown_.push_back(
        {from, stamp.get<double>(), object.at(is_reply ? "Mensagem de resposta" : "Mensagem")});
    const auto claimed = parse_endpoint(object.at("Ip_origem").get<std::string>(), 0);
    if (!claimed || !claimed->is_v4()) throw std::runtime_error("no IPv4 address");
    if (!object.at("Porta_origem").is_number_integer()) throw std::runtime_error("a bad port");
    Endpoint answer_to = *claimed;
    answer_to.port = object.at("Porta_origem").get<std::uint16_t>();
    const json ack{{"Ip_origem", endpoint_.ip_text()},
                   {"Ip_destino", answer_to.ip_text()},
                   {"Porta_origem", endpoint_.port},
                   {"Porta_destino", answer_to.port},
                   {"Timestamp da mensagem original", stamp},
                   {"Timestamp da mensagem de resposta", stamp},
                   {"ACK", true}};
    network_.transmit(endpoint_, answer_to, ack.dump());
}

bool BasePeer::has_shown(const Endpoint& from, std::int64_t us) const {
    for (const Shown& shown : shown_) {
        if (shown.from == from && std::llround(shown.stamp * 1e6) == us) return true;
    }
    return false;
}

void BasePeer::send(const Endpoint& to, std::string text) {
    waiting_.push_back({to, std::move(text)});
    if (!sending_) start_next();
}

void BasePeer::start_next() {
    if (waiting_.empty()) return;
    sending_ = std::move(waiting_.front());
    waiting_.pop_front();
    const auto now = std::chrono::duration<double>(events_.now().time_since_epoch());
    last_stamp_ = std::max(last_stamp_ + 0.001, first_stamp + now.count());
    sending_->bytes =
        json{{"Ip_origem", endpoint_.ip_text()},     {"Ip_destino", sending_->to.ip_text()},
             {"Porta_origem", endpoint_.port},       {"Porta_destino", sending_->to.port},
             {"Timestamp da mensagem", last_stamp_}, {"Mensagem", sending_->text}}
            .dump();
    try_once();
}

void BasePeer::try_once() {
    if (confirmed_flag_) {
        if (sending_->tries == 0) ++skipped_;
        return finish(sending_->tries > 0);
    }
    if (sending_->tries == tries_max) return finish(false);
    ++sending_->tries;
    network_.transmit(endpoint_, sending_->to, sending_->bytes);
    events_.after(try_interval, [this] { try_once(); });
}

void BasePeer::finish(bool confirmed) {
    if (confirmed) confirmed_.push_back({sending_->to, sending_->text});
    confirmed_flag_ = false;
    sending_.reset();
    events_.after(std::chrono::seconds{1}, [this] {
        if (!sending_) start_next();
    });
}

}  // namespace p2pd
