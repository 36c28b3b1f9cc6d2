// core: writing datagrams. Includes std, core.
#include <algorithm>
#include <array>
#include <cstdio>

#include "daemon/core/ack_ranges.h"
#include "daemon/core/codec.h"
#include "daemon/core/utf8.h"

namespace p2pd {

namespace {

/// How a dialect spells what differs between them.
struct Spelling {
    std::string_view source_ip = "Ip_origem";
    std::string_view destination_ip = "Ip_destino";
    std::string_view stamp = "Timestamp da mensagem";
    std::string_view original_text = "Mensagem original";
    bool wrapped = false;
    bool text_stamps = false;
};

Spelling spelling_of(Dialect dialect) {
    Spelling spelling;
    if (dialect == Dialect::upper) {
        spelling.source_ip = "IP_origem";
        spelling.destination_ip = "IP_destino";
        spelling.original_text = "Mensagem Original";
    }
    if (dialect == Dialect::quoted || dialect == Dialect::short_) {
        spelling.wrapped = true;
        spelling.text_stamps = true;
    }
    if (dialect == Dialect::short_) spelling.stamp = "Timestamp";
    return spelling;
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    constexpr std::string_view hex = "0123456789abcdef";
                    out += "\\u00";
                    out += hex[static_cast<std::size_t>(c) >> 4U];
                    out += hex[static_cast<std::size_t>(c) & 0xfU];
                } else {
                    out += c;
                }
        }
    }
}

std::string quoted(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    out += '"';
    append_escaped(out, text);
    out += '"';
    return out;
}

/// Bytes that `text` takes in a datagram, quotes not counted.
std::size_t escaped_bytes(std::string_view text, bool wrapped) {
    std::string once;
    append_escaped(once, text);
    if (!wrapped) return once.size();
    std::string twice;
    append_escaped(twice, once);
    return twice.size();
}

/// The longest leading part of `text` that takes at most `room` bytes, at a code-point edge.
std::size_t fitting_bytes(std::string_view text, std::size_t room, bool wrapped) {
    std::size_t used = 0;
    std::size_t taken = 0;
    while (taken < text.size()) {
        const std::size_t size = std::max<std::size_t>(1, code_point_bytes(text.substr(taken)));
        used += escaped_bytes(text.substr(taken, size), wrapped);
        if (used > room) break;
        taken += size;
    }
    return taken;
}

class Writer {
public:
    Writer(const Spelling& spelling, const Endpoint& local, const Endpoint& peer,
           Extension extension)
        : spelling_(spelling), extension_(extension) {
        text(spelling.source_ip, local.ip_text());
        text(spelling.destination_ip, peer.ip_text());
        raw("Porta_origem", std::to_string(local.port));
        raw("Porta_destino", std::to_string(peer.port));
    }

    void operator()(const WireMessage& message) {
        own_stamp(spelling_.stamp, message.stamp);
        text("Mensagem", message.text);
        extension(message.part);
    }
    void operator()(const WireReply& reply) {
        echoed_stamp("Timestamp da mensagem original", reply.original);
        own_stamp("Timestamp da mensagem de resposta", reply.stamp);
        text(spelling_.original_text, reply.original_text);
        text("Mensagem de resposta", reply.text);
        extension(reply.part);
    }
    void operator()(const WireAck& ack) {
        echoed_stamp("Timestamp da mensagem original", ack.original);
        own_stamp("Timestamp da mensagem de resposta", ack.stamp);
        raw("ACK", ack.accepted ? "true" : "false");
        if (extension_ == Extension::none) return;
        std::string value = R"({"v":1)";
        if (ack.window) value += ",\"window\":" + std::to_string(*ack.window);
        if (!ack.also.empty()) {
            value += ",\"also\":" + quoted(write_ranges(ack.original.us, ack.also));
        }
        raw("p2pd", value + "}");
    }

    std::string finish() && {
        json_ += '}';
        return spelling_.wrapped ? quoted(json_) : std::move(json_);
    }

private:
    void raw(std::string_view name, std::string_view value) {
        json_ += json_.empty() ? "{" : ",";
        json_ += quoted(name);
        json_ += ':';
        json_ += value;
    }
    void text(std::string_view name, std::string_view value) { raw(name, quoted(value)); }
    void own_stamp(std::string_view name, const Stamp& stamp) {
        raw(name, spelling_.text_stamps ? quoted(stamp.lexeme) : stamp.lexeme);
    }
    void echoed_stamp(std::string_view name, const Stamp& stamp) {
        raw(name, stamp.is_text ? quoted(stamp.lexeme) : stamp.lexeme);
    }
    void extension(const std::optional<Part>& part) {
        if (extension_ == Extension::none) return;
        std::string value = R"({"v":1)";
        if (part) {
            value += ",\"part\":" + std::to_string(part->number);
            value += ",\"parts\":" + std::to_string(part->count);
        }
        raw("p2pd", value + "}");
    }

    const Spelling& spelling_;
    Extension extension_;
    std::string json_;
};

std::string write(const WireObject& object, const Spelling& spelling, const Endpoint& local,
                  const Endpoint& peer, Extension extension) {
    Writer writer(spelling, local, peer, extension);
    std::visit(writer, object);
    return std::move(writer).finish();
}

/// The reply with as much of the quoted original as there is room for beside the answer.
std::string write_reply(WireReply reply, const Spelling& spelling, const Endpoint& local,
                        const Endpoint& peer, Extension extension) {
    const std::string original = std::move(reply.original_text);
    reply.original_text.clear();
    std::string bare = write(reply, spelling, local, peer, extension);
    if (bare.size() >= datagram_bytes_max) return bare;
    const std::size_t room = datagram_bytes_max - bare.size();
    reply.original_text = original.substr(0, fitting_bytes(original, room, spelling.wrapped));
    return write(reply, spelling, local, peer, extension);
}

std::string write_fitted(const WireObject& object, Dialect dialect, const Endpoint& local,
                         const Endpoint& peer, Extension extension) {
    const Spelling spelling = spelling_of(dialect);
    if (const auto* reply = std::get_if<WireReply>(&object)) {
        return write_reply(*reply, spelling, local, peer, extension);
    }
    return write(object, spelling, local, peer, extension);
}

}  // namespace

Stamp Stamp::of(std::int64_t us) {
    std::array<char, 32> buffer{};
    const int size = std::snprintf(buffer.data(), buffer.size(), "%lld.%06lld",
                                   static_cast<long long>(us / 1'000'000),
                                   static_cast<long long>(us % 1'000'000));
    return {std::string(buffer.data(), static_cast<std::size_t>(size)), false, us};
}

std::string encode(const WireObject& object, const Endpoint& local, const Endpoint& peer,
                   Dialect dialect, Extension extension) {
    std::string bytes = write_fitted(object, dialect, local, peer, extension);
    if (bytes.size() <= datagram_bytes_max || dialect == Dialect::base) return bytes;
    return write_fitted(object, Dialect::base, local, peer, extension);
}

std::size_t message_bytes_max(std::string_view text, bool is_v4) {
    constexpr std::size_t members = 192;  // names, ports, timestamp, marks of a part
    constexpr std::size_t v4_bytes = 15;
    constexpr std::size_t v6_bytes = 50;
    return members + 2 * (is_v4 ? v4_bytes : v6_bytes) + escaped_bytes(text, false);
}

std::size_t fit_text(std::string_view text, const WireObject& prototype, bool is_v4,
                     Dialect dialect) {
    const Spelling spelling = spelling_of(dialect);
    const Endpoint widest =
        is_v4 ? *parse_endpoint("255.255.255.255:65535", 0)
              : *parse_endpoint("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535", 0);
    const std::size_t used = write(prototype, spelling, widest, widest, Extension::p2pd).size();
    const std::size_t room = datagram_bytes_max - std::min(used, datagram_bytes_max);
    const std::size_t fitting = fitting_bytes(text, room, spelling.wrapped);
    return std::max(fitting, text.empty() ? 0 : code_point_bytes(text));
}

}  // namespace p2pd
