// tests: a program that says what each datagram is: hexadecimal lines in, JSON lines out. For
// tests/system/test_differential.py. Includes core, nlohmann.
#include <charconv>
#include <iostream>

#include <nlohmann/json.hpp>

#include "daemon/core/codec.h"

namespace p2pd {
namespace {

using Json = nlohmann::ordered_json;

std::string from_hex(std::string_view line) {
    std::string bytes;
    for (; line.size() >= 2; line.remove_prefix(2)) {
        unsigned value = 0;
        std::from_chars(line.data(), line.data() + 2, value, 16);
        bytes += static_cast<char>(value);
    }
    return bytes;
}

Json stamp_json(const Stamp& stamp) {
    return {{"lexeme", stamp.lexeme()}, {"is_text", stamp.is_text()}, {"us", stamp.us}};
}

Json part_json(const std::optional<Part>& part) {
    return part ? Json{part->number, part->count} : Json(nullptr);
}

Json object_json(const WireMessage& message) {
    return {{"kind", "message"},
            {"stamp", stamp_json(message.stamp)},
            {"text", message.text},
            {"part", part_json(message.part)}};
}

Json object_json(const WireReply& reply) {
    return {{"kind", "reply"},
            {"original", stamp_json(reply.original)},
            {"stamp", stamp_json(reply.stamp)},
            {"original_text", reply.original_text},
            {"text", reply.text},
            {"part", part_json(reply.part)}};
}

Json object_json(const WireAck& ack) {
    return {{"kind", "ack"},
            {"original", stamp_json(ack.original)},
            {"stamp", stamp_json(ack.stamp)},
            {"accepted", ack.accepted}};
}

Json object_json(const WireReceipt& receipt) {
    return {{"kind", "receipt"},
            {"stamp", stamp_json(receipt.stamp)},
            {"message_us", receipt.message_us},
            {"word", enum_names(receipt.word)[static_cast<std::size_t>(receipt.word)].second}};
}

Json datagram_json(const Datagram& datagram) {
    constexpr std::string_view dialects[] = {"base", "upper", "quoted", "short"};
    Json json = std::visit([](const auto& object) { return object_json(object); }, datagram.object);
    const Addresses& claimed = datagram.claimed;
    json["claimed"] = {claimed.source_ip, claimed.destination_ip, claimed.source_port,
                       claimed.destination_port};
    json["dialect"] = dialects[static_cast<std::size_t>(datagram.dialect)];
    json["from_p2pd"] = datagram.from_p2pd;
    return json;
}

Json result_json(const std::variant<Datagram, DropCause>& result) {
    if (const auto* cause = std::get_if<DropCause>(&result)) {
        return {{"dropped", enum_names(*cause)[static_cast<std::size_t>(*cause)].second}};
    }
    return datagram_json(std::get<Datagram>(result));
}

}  // namespace
}  // namespace p2pd

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << p2pd::result_json(p2pd::decode(p2pd::from_hex(line))).dump() << '\n';
    }
    return 0;
}
