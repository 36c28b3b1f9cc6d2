// core: a datagram on its way to the socket. Includes std, core.
#include "daemon/core/transmit.h"

#include <utility>

namespace p2pd {

std::string encode(const Transmit& transmit, const Endpoint& local) {
    std::string bytes =
        encode(transmit.objects, local, transmit.to, transmit.dialect, transmit.extension);
    if (bytes.size() < transmit.padded_bytes) bytes.resize(transmit.padded_bytes, ' ');
    return bytes;
}

std::string_view take_line(std::string_view& bytes) {
    const auto edge = bytes.find("}\n{");
    if (edge == std::string_view::npos) return std::exchange(bytes, {});
    const std::string_view line = bytes.substr(0, edge + 1);
    bytes.remove_prefix(edge + 2);
    return line;
}

}  // namespace p2pd
