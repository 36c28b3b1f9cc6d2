// core: long texts as several objects. Includes std, core.
#include "daemon/core/split.h"

namespace p2pd {

namespace {

constexpr std::int64_t widest_us = 4'294'967'295'999'999;

WireObject make_object(const Stamp& stamp, std::string text, const Rare<Answered>& answered,
                       std::optional<Part> part) {
    if (!answered) return WireMessage{stamp, std::move(text), part};
    return WireReply{answered->stamp, stamp, answered->text, std::move(text), part};
}

WireObject prototype(const Rare<Answered>& answered, std::optional<Part> part) {
    Rare<Answered> bare = answered;
    if (bare) bare->text.clear();
    return make_object(Stamp::of(widest_us), {}, bare, part);
}

}  // namespace

std::string_view part_text(const OutgoingMessage& message, std::int64_t part_us) {
    const auto index = static_cast<std::size_t>(part_us - message.first_us);
    const std::uint32_t begin = index == 0 ? 0 : message.part_ends[index - 1];
    return std::string_view(message.text).substr(begin, message.part_ends[index] - begin);
}

std::optional<PartEnds> split_text(std::string_view text, const Rare<Answered>& answered,
                                   const Endpoint& peer, Dialect dialect,
                                   std::size_t whole_bytes_max) {
    const auto whole = static_cast<std::uint32_t>(text.size());
    // Nearly every message is short and plain, and then this is known without writing it.
    const bool surely_fits = !answered && dialect == Dialect::base &&
                             message_bytes_max(text, peer.is_v4(), false) <= whole_bytes_max;
    if (surely_fits ||
        fit_text(text, prototype(answered, std::nullopt), peer.is_v4(), dialect) == whole) {
        return PartEnds{whole};
    }
    const WireObject marked = prototype(answered, Part{parts_max, parts_max, 0});
    PartEnds ends;
    std::uint32_t end = 0;
    while (end < whole) {
        if (ends.size() == parts_max) return std::nullopt;
        end +=
            static_cast<std::uint32_t>(fit_text(text.substr(end), marked, peer.is_v4(), dialect));
        ends.push_back(end);
    }
    return ends;
}

bool fits_the_field(const OutgoingMessage& message) {
    if (message.part_ends.size() > 1 || message.answered) return true;
    const auto ends = split_text(message.text, message.answered, message.peer, Dialect::base);
    return ends && ends->size() == 1;
}

WireObject part_object(const OutgoingMessage& message, std::int64_t part_us) {
    const auto index = static_cast<std::size_t>(part_us - message.first_us);
    const auto count = static_cast<std::uint32_t>(message.part_ends.size());
    std::optional<Part> part;
    if (count > 1) part = Part{static_cast<std::uint32_t>(index) + 1, count, message.first_us};
    return make_object(Stamp::of(part_us), std::string(part_text(message, part_us)),
                       message.answered, part);
}

std::size_t encoded_bytes_max(const OutgoingMessage& message, std::int64_t part_us) {
    if (message.answered) return datagram_bytes_max;  // the text that it quotes is cut to fit
    return message_bytes_max(part_text(message, part_us), message.peer.is_v4(),
                             message.part_ends.size() > 1);
}

}  // namespace p2pd
