// core: a datagram on its way to the socket. Includes std, core.
#include "daemon/core/transmit.h"

namespace p2pd {

std::string encode(const Transmit& transmit, const Endpoint& local) {
    std::string bytes;
    for (const WireObject& object : transmit.objects) {
        if (!bytes.empty()) bytes += '\n';
        bytes += encode(object, local, transmit.to, transmit.dialect, transmit.extension);
    }
    if (bytes.size() < transmit.padded_bytes) bytes.resize(transmit.padded_bytes, ' ');
    return bytes;
}

std::vector<std::string_view> split_lines(std::string_view bytes) {
    constexpr std::string_view edge = "}\n{";
    std::vector<std::string_view> lines;
    for (auto cut = bytes.find(edge); cut != std::string_view::npos; cut = bytes.find(edge)) {
        lines.push_back(bytes.substr(0, cut + 1));
        bytes.remove_prefix(cut + 2);
    }
    lines.push_back(bytes);
    return lines;
}

}  // namespace p2pd
