// tests/fuzz: the reader of datagrams beside the one by nlohmann, and what is written read by both.
#include <variant>

#include "daemon/core/decoder.h"
#include "tests/fuzz/targets.h"
#include "tests/reference/decode.h"

namespace p2pd {

namespace {

using Read = std::variant<Datagram, DropCause>;

void require_same(const Read& read, const Read& reference) {
    const std::string difference = reference::difference(read, reference);
    require(difference.empty(), difference.c_str());
}

/// An own timestamp is a text where the dialect has it so, whatever it was.
bool same_value(const Stamp& a, const Stamp& b) {
    return a.lexeme() == b.lexeme() && a.us == b.us;
}
bool same(const WireMessage& back, const WireMessage& written) {
    return same_value(back.stamp, written.stamp) && back.text == written.text &&
           back.part == written.part;
}
bool same(const WireReply& back, const WireReply& written) {
    return same_value(back.stamp, written.stamp) && back.original == written.original &&
           back.text == written.text && written.original_text.starts_with(back.original_text) &&
           back.part == written.part;
}
bool same(const WireAck& back, const WireAck& written) {
    return same_value(back.stamp, written.stamp) && back.original == written.original &&
           back.accepted == written.accepted;
}

bool same(const WireReceipt& back, const WireReceipt& written) {
    return same_value(back.stamp, written.stamp) && back.message_us == written.message_us &&
           back.word == written.word;
}

void write_and_read(const Datagram& datagram, Dialect dialect, Decoder& decoder) {
    const Endpoint local = *parse_endpoint("10.0.0.4:5000", 0);
    const Endpoint peer = *parse_endpoint("[fe80::1%7]:65535", 0);
    const std::string bytes = encode(datagram.object, local, peer, dialect, Extension::p2pd);
    const Read read = reference::decode(bytes);
    require_same(decoder.decode(bytes), read);
    const auto* back = std::get_if<Datagram>(&read);
    require(back != nullptr && back->from_p2pd, "what was read can be written");
    require(back->claimed.source_ip == "10.0.0.4" && back->claimed.source_port == 5000 &&
                back->claimed.destination_ip == "fe80::1%7" &&
                back->claimed.destination_port == 65535,
            "the addresses are the ones given");
    std::visit(
        [&](const auto& written) {
            using Object = std::decay_t<decltype(written)>;
            const auto* object = std::get_if<Object>(&back->object);
            require(object != nullptr && same(*object, written), "it says what was written");
        },
        datagram.object);
}

}  // namespace

void fuzz_decode_reference(std::string_view bytes) {
    Decoder decoder;
    const Read read = decoder.decode(bytes);
    require_same(read, reference::decode(bytes));
    require_same(read, decoder.decode(bytes));  // in buffers that were used
    const auto* datagram = std::get_if<Datagram>(&read);
    if (datagram == nullptr) return;
    for (const Dialect dialect :
         {Dialect::base, Dialect::upper, Dialect::quoted, Dialect::short_}) {
        write_and_read(*datagram, dialect, decoder);
    }
}

}  // namespace p2pd
