// core: writing datagrams. Includes std, core.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include "daemon/core/ack_ranges.h"
#include "daemon/core/codec.h"
#include "daemon/core/json_escapes.h"
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

/// Writes one object behind what is in a string.
class Writer {
public:
    /// `original_bytes`: how much of what a reply answers is quoted.
    Writer(std::string& out, const Spelling& spelling, Extension extension,
           std::size_t original_bytes)
        : out_(out), spelling_(spelling), extension_(extension), original_bytes_(original_bytes) {}

    void begin(const Endpoint& local, const Endpoint& peer) {
        out_ += spelling_.wrapped ? "\"{" : "{";
        key(spelling_.source_ip);
        quoted(local.ip_text());
        name(spelling_.destination_ip);
        quoted(peer.ip_text());
        name("Porta_origem");
        number(local.port);
        name("Porta_destino");
        number(peer.port);
    }
    void operator()(const WireMessage& message) {
        own_stamp(spelling_.stamp, message.stamp);
        name("Mensagem");
        quoted(message.text);
        extension(message.part);
    }
    void operator()(const WireReply& reply) {
        echoed_stamp("Timestamp da mensagem original", reply.original);
        own_stamp("Timestamp da mensagem de resposta", reply.stamp);
        name(spelling_.original_text);
        quoted(std::string_view{reply.original_text}.substr(0, original_bytes_));
        name("Mensagem de resposta");
        quoted(reply.text);
        extension(reply.part);
    }
    void operator()(const WireAck& ack) {
        echoed_stamp("Timestamp da mensagem original", ack.original);
        own_stamp("Timestamp da mensagem de resposta", ack.stamp);
        name("ACK");
        out_ += ack.accepted ? "true" : "false";
        extension(ack);
    }
    void operator()(const WireReceipt& receipt) {
        name("Timestamp da mensagem original");
        stamp(Stamp::of(0), spelling_.text_stamps);
        own_stamp("Timestamp da mensagem de resposta", receipt.stamp);
        name("ACK");
        out_ += "true";
        begin_extension();
        name("receipt");
        number(static_cast<std::uint64_t>(receipt.message_us));
        name("is");
        quoted(enum_names(receipt.word)[static_cast<std::size_t>(receipt.word)].second);
        out_ += '}';
    }
    void end() { out_ += spelling_.wrapped ? "}\"" : "}"; }

private:
    void quote() { out_ += spelling_.wrapped ? "\\\"" : "\""; }
    /// Our own names need no escapes.
    void key(std::string_view name) {
        quote();
        out_ += name;
        quote();
        out_ += ':';
    }
    void name(std::string_view name) {
        out_ += ',';
        key(name);
    }
    void quoted(std::string_view text) {
        quote();
        append_escaped(out_, text, spelling_.wrapped);
        quote();
    }
    void number(std::uint64_t number) {
        std::array<char, 20> digits{};
        const auto written = std::to_chars(digits.begin(), digits.end(), number);
        out_.append(digits.begin(), written.ptr);
    }
    void stamp(const Stamp& stamp, bool as_text) {
        if (as_text) return quoted(stamp.lexeme());
        stamp.write_to(out_);
    }
    void own_stamp(std::string_view member, const Stamp& own) {
        name(member);
        stamp(own, spelling_.text_stamps);
    }
    void echoed_stamp(std::string_view member, const Stamp& echoed) {
        name(member);
        stamp(echoed, echoed.is_text());
    }
    void begin_extension() {
        out_ += spelling_.wrapped ? R"(,\"p2pd\":{\"v\":1)" : R"(,"p2pd":{"v":1)";
    }
    void extension(const std::optional<Part>& part) {
        if (extension_ == Extension::none) return;
        begin_extension();
        if (part) {
            name("part");
            number(part->number);
            name("parts");
            number(part->count);
        }
        out_ += '}';
    }
    void extension(const WireAck& ack) {
        if (extension_ == Extension::none) return;
        begin_extension();
        if (ack.window) {
            name("window");
            number(*ack.window);
        }
        if (!ack.also.empty()) {
            name("also");
            quoted(write_ranges(ack.original.us, ack.also));
        }
        out_ += '}';
    }

    std::string& out_;
    const Spelling& spelling_;
    Extension extension_;
    std::size_t original_bytes_;
};

/// What is the same for all objects of a datagram.
struct Frame {
    const Endpoint& local;
    const Endpoint& peer;
    Extension extension;
    std::size_t head_bytes = 0;  ///< the first line begins with these
    Dialect head_dialect = Dialect::base;
};

/// In place of what `out` holds from `begin` on.
void write(std::string& out, std::size_t begin, const WireObject& object, Dialect dialect,
           Frame& frame, std::size_t original_bytes) {
    const Spelling spelling = spelling_of(dialect);
    out.resize(begin);
    Writer writer(out, spelling, frame.extension, original_bytes);
    if (begin > 0 && dialect == frame.head_dialect) {
        out.append(out, 0, frame.head_bytes);
    } else {
        writer.begin(frame.local, frame.peer);
    }
    if (begin == 0) {
        frame.head_bytes = out.size();
        frame.head_dialect = dialect;
    }
    std::visit(writer, object);
    writer.end();
}

/// With as much of the quoted original as there is room for beside the answer. Returns how many
/// bytes it has become.
std::size_t write_fitted(std::string& out, std::size_t begin, const WireObject& object,
                         Dialect dialect, Frame& frame) {
    const auto write_quoting = [&](std::size_t original_bytes) {
        write(out, begin, object, dialect, frame, original_bytes);
        return out.size() - begin;
    };
    const std::size_t whole = write_quoting(datagram_bytes_max);
    const auto* const reply = std::get_if<WireReply>(&object);
    if (reply == nullptr || whole <= datagram_bytes_max) return whole;  // nearly always
    const std::size_t bare = write_quoting(0);
    if (bare >= datagram_bytes_max) return bare;
    const bool wrapped = spelling_of(dialect).wrapped;
    return write_quoting(fitting_bytes(reply->original_text, datagram_bytes_max - bare, wrapped));
}

void write_line(std::string& out, const WireObject& object, Dialect dialect, Frame& frame) {
    const std::size_t begin = out.size();
    const std::size_t bytes = write_fitted(out, begin, object, dialect, frame);
    if (bytes <= datagram_bytes_max || dialect == Dialect::base) return;
    write_fitted(out, begin, object, Dialect::base, frame);
}

/// Roughly, so that it need not grow: the texts, and all that is around them.
std::size_t expected_bytes(const WireObject& object) {
    constexpr std::size_t around = 320;
    std::size_t texts = 0;
    if (const auto* message = std::get_if<WireMessage>(&object)) texts = message->text.size();
    if (const auto* reply = std::get_if<WireReply>(&object)) {
        texts = reply->text.size() + reply->original_text.size();
    }
    return around + std::min(texts, datagram_bytes_max);
}

/// None has a longer text.
Endpoint widest_endpoint(bool is_v4) {
    Endpoint widest;
    widest.address.fill(0xff);
    if (is_v4) std::fill_n(widest.address.begin(), 10, std::uint8_t{0});
    widest.scope_id = is_v4 ? 0 : std::numeric_limits<std::uint32_t>::max();
    widest.port = std::numeric_limits<std::uint16_t>::max();
    return widest;
}

}  // namespace

void encode_to(std::string& bytes, const WireObject& object, const Endpoint& local,
               const Endpoint& peer, Dialect dialect, Extension extension) {
    bytes.clear();
    Frame frame{local, peer, extension};
    write_line(bytes, object, dialect, frame);
}

std::string encode(std::span<const WireObject> objects, const Endpoint& local, const Endpoint& peer,
                   Dialect dialect, Extension extension) {
    std::size_t expected = 0;
    for (const WireObject& object : objects) expected += expected_bytes(object);
    std::string bytes;
    bytes.reserve(expected);
    Frame frame{local, peer, extension};
    for (const WireObject& object : objects) {
        if (!bytes.empty()) bytes += '\n';
        write_line(bytes, object, dialect, frame);
    }
    return bytes;
}

std::string encode(const WireObject& object, const Endpoint& local, const Endpoint& peer,
                   Dialect dialect, Extension extension) {
    return encode(std::span{&object, 1}, local, peer, dialect, extension);
}

std::size_t message_bytes_max(std::string_view text, bool is_v4, bool is_part) {
    constexpr std::size_t members = 147;  // names, ports, timestamp, end of the line
    constexpr std::size_t part_members = 25;
    constexpr std::size_t v4_bytes = 15;
    constexpr std::size_t v6_bytes = 50;
    return members + (is_part ? part_members : 0) + 2 * (is_v4 ? v4_bytes : v6_bytes) +
           escaped_bytes(text, false);
}

std::size_t fit_text(std::string_view text, const WireObject& prototype, bool is_v4,
                     Dialect dialect) {
    const Endpoint widest = widest_endpoint(is_v4);
    std::string written;
    Frame frame{widest, widest, Extension::p2pd};
    write(written, 0, prototype, dialect, frame, 0);
    const std::size_t used = written.size();
    const std::size_t room = datagram_bytes_max - std::min(used, datagram_bytes_max);
    const std::size_t fitting = fitting_bytes(text, room, spelling_of(dialect).wrapped);
    return std::max(fitting, text.empty() ? 0 : code_point_bytes(text));
}

}  // namespace p2pd
