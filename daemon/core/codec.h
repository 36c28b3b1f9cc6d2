// core: datagrams to objects and back, in all dialects. Includes std, core.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "daemon/core/endpoint.h"
#include "daemon/core/wire_object.h"

namespace p2pd {

/// Largest datagram to a peer: what programs of the field receive into.
inline constexpr std::size_t datagram_bytes_max = 1024;
/// Largest datagram that is looked at.
inline constexpr std::size_t received_bytes_max = 65535;

/// Why a datagram was dropped; counted by cause.
enum class DropCause : std::uint8_t {
    empty,
    not_json,
    not_utf8,
    not_object,
    too_deep,
    too_many_members,
    duplicate_member,
    unknown_kind,
    missing_member,
    wrong_type,
    out_of_range,
};
constexpr auto enum_names(DropCause) {
    return std::array<std::pair<DropCause, std::string_view>, 11>{
        {{DropCause::empty, "empty"},
         {DropCause::not_json, "not_json"},
         {DropCause::not_utf8, "not_utf8"},
         {DropCause::not_object, "not_object"},
         {DropCause::too_deep, "too_deep"},
         {DropCause::too_many_members, "too_many_members"},
         {DropCause::duplicate_member, "duplicate_member"},
         {DropCause::unknown_kind, "unknown_kind"},
         {DropCause::missing_member, "missing_member"},
         {DropCause::wrong_type, "wrong_type"},
         {DropCause::out_of_range, "out_of_range"}}};
}

/// A datagram that is well formed in every respect.
struct Datagram {
    WireObject object;
    Addresses claimed;
    Dialect dialect = Dialect::base;
    bool from_p2pd = false;  ///< it carries the member "p2pd"
};

using Decoded = std::variant<Datagram, DropCause>;

/// Parses one object, whatever is in the bytes; never throws but std::bad_alloc. A Decoder
/// (decoder.h) does the same for many.
Decoded decode(std::string_view bytes);

/// Whether the extra member "p2pd" goes along. ACKs to programs of the field go without.
enum class Extension : std::uint8_t { none, p2pd };

/// One datagram, at most datagram_bytes_max for what fit_text() has fitted. A quoted original that
/// does not fit beside the answer is cut at a code-point edge. A text fitted for one dialect that
/// does not fit in `dialect` is written as base, which is never longer.
std::string encode(const WireObject& object, const Endpoint& local, const Endpoint& peer,
                   Dialect dialect, Extension extension);
/// Several objects, one a line.
std::string encode(std::span<const WireObject> objects, const Endpoint& local, const Endpoint& peer,
                   Dialect dialect, Extension extension);
/// One in place of what `bytes` holds, whose memory is used again.
void encode_to(std::string& bytes, const WireObject& object, const Endpoint& local,
               const Endpoint& peer, Dialect dialect, Extension extension);

/// At most so many bytes does the line of a message with this text, or of a part of one, take in
/// the dialect base: with the widest addresses of that family.
std::size_t message_bytes_max(std::string_view text, bool is_v4, bool is_part);

/// How many leading bytes of `text` (UTF-8) fit one datagram that is otherwise like `prototype` (a
/// message or reply with its part, texts empty), whatever the addresses of that family are. Ends
/// at a code-point edge and is at least one code point.
std::size_t fit_text(std::string_view text, const WireObject& prototype, bool is_v4,
                     Dialect dialect);

}  // namespace p2pd
