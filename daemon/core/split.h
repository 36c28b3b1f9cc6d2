// core: long texts as several objects. Includes std, core.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/core/codec.h"
#include "daemon/core/mailbox.h"

namespace p2pd {

/// Where the parts of `text` end so that each fits one datagram to `peer` in `dialect`; one part
/// when it fits whole, or is no answer and takes at most `whole_bytes_max` whole in Dialect::base.
/// Empty when it would take more than parts_max.
std::optional<PartEnds> split_text(std::string_view text, const Rare<Answered>& answered,
                                   const Endpoint& peer, Dialect dialect,
                                   std::size_t whole_bytes_max = datagram_bytes_max);

/// Whether no part is for p2pd alone, as a program of the field takes no datagram as large.
bool fits_the_field(const OutgoingMessage& message);

/// The piece of the text that the part with timestamp `part_us` carries.
std::string_view part_text(const OutgoingMessage& message, std::int64_t part_us);

/// The object that carries the part with timestamp `part_us`.
WireObject part_object(const OutgoingMessage& message, std::int64_t part_us);

/// At most so many bytes does the object of this part take in a datagram.
std::size_t encoded_bytes_max(const OutgoingMessage& message, std::int64_t part_us);

}  // namespace p2pd
