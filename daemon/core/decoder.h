// core: reading datagrams one after the other. Includes std, core.
#pragma once

#include <string_view>
#include <variant>

#include "daemon/core/codec.h"
#include "daemon/core/member_reader.h"

namespace p2pd {

/// What decode() does, for whoever reads many: its buffers are kept from one to the next, so that
/// nothing is allocated but what the object takes along.
class Decoder {
public:
    std::variant<Datagram, DropCause> decode(std::string_view bytes);

private:
    MemberReader outer_;
    MemberReader inner_;  ///< of what is wrapped in a text
};

}  // namespace p2pd
