// tests/reference: two readings beside each other. Includes std, core.
#include "tests/reference/decode.h"

namespace p2pd::reference {

namespace {

/// All that a datagram says, as a text.
class Shown {
public:
    void operator()(const WireMessage& message) {
        text_ += "message";
        stamp(message.stamp);
        text(message.text);
        part(message.part);
    }
    void operator()(const WireReply& reply) {
        text_ += "reply";
        stamp(reply.original);
        stamp(reply.stamp);
        text(reply.original_text);
        text(reply.text);
        part(reply.part);
    }
    void operator()(const WireAck& ack) {
        text_ += "ack";
        stamp(ack.original);
        stamp(ack.stamp);
        number(ack.accepted ? 1 : 0);
        for (const StampRange& range : ack.also) {
            number(range.first_us);
            number(range.count);
        }
        number(ack.window.value_or(0));
    }
    void operator()(const WireReceipt& receipt) {
        text_ += "receipt";
        stamp(receipt.stamp);
        number(receipt.message_us);
        number(static_cast<std::int64_t>(receipt.word));
    }
    void operator()(DropCause cause) {
        text_ += enum_names(cause)[static_cast<std::size_t>(cause)].second;
    }
    void operator()(const Datagram& datagram) {
        std::visit(*this, datagram.object);
        text(datagram.claimed.source_ip);
        text(datagram.claimed.destination_ip);
        number(datagram.claimed.source_port);
        number(datagram.claimed.destination_port);
        number(static_cast<std::int64_t>(datagram.dialect));
        number(datagram.from_p2pd ? 1 : 0);
    }
    const std::string& text() const { return text_; }

private:
    void text(std::string_view text) { text_.append(" '").append(text).append("'"); }
    void number(std::int64_t number) { text_ += " " + std::to_string(number); }
    void stamp(const Stamp& stamp) {
        text(stamp.lexeme());
        number(stamp.is_text() ? 1 : 0);
        number(stamp.us);
    }
    void part(const std::optional<Part>& part) {
        number(part ? part->number : 0);
        number(part ? part->count : 0);
        number(part ? part->first_us : 0);
    }

    std::string text_;
};

std::string shown(const std::variant<Datagram, DropCause>& result) {
    Shown shown;
    std::visit([&](const auto& read) { shown(read); }, result);
    return shown.text();
}

}  // namespace

std::string difference(const std::variant<Datagram, DropCause>& a,
                       const std::variant<Datagram, DropCause>& b) {
    const std::string shown_a = shown(a);
    const std::string shown_b = shown(b);
    return shown_a == shown_b ? std::string{} : shown_a + " != " + shown_b;
}

}  // namespace p2pd::reference
