// tests/fuzz: whatever a datagram holds, it is read or dropped; what is read can be written and
// read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "daemon/core/codec.h"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace p2pd;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto decoded = decode(bytes);
    const auto* datagram = std::get_if<Datagram>(&decoded);
    if (datagram == nullptr) return 0;
    const Endpoint local = *parse_endpoint("10.0.0.4:5000", 0);
    const Endpoint peer = *parse_endpoint("10.0.0.5:5000", 0);
    const std::string written =
        encode(datagram->object, local, peer, datagram->dialect, Extension::p2pd);
    const auto again = decode(written);
    require(std::holds_alternative<Datagram>(again));
    require(std::get<Datagram>(again).object.index() == datagram->object.index());
    return 0;
}
