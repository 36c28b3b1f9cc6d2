// tests/fuzz: datagrams.
#include <variant>

#include "daemon/core/codec.h"
#include "tests/fuzz/targets.h"

namespace p2pd {

void fuzz_decode(std::string_view bytes) {
    const auto decoded = decode(bytes);
    const auto* datagram = std::get_if<Datagram>(&decoded);
    if (datagram == nullptr) return;
    const Endpoint local = *parse_endpoint("10.0.0.4:5000", 0);
    const Endpoint peer = *parse_endpoint("10.0.0.5:5000", 0);
    const std::string written =
        encode(datagram->object, local, peer, datagram->dialect, Extension::p2pd);
    const auto again = decode(written);
    require(std::holds_alternative<Datagram>(again), "what was read can be written");
    require(std::get<Datagram>(again).object.index() == datagram->object.index(),
            "it stays of its kind");
}

}  // namespace p2pd
