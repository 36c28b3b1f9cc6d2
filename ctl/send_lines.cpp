// ctl: each line of standard input as one message. Includes std, POSIX and common.
#include "ctl/send_lines.h"

#include "common/endpoint_text.h"
#include "ctl/line_sender.h"
#include "ctl/peer_lookup.h"

namespace p2pd {

namespace {

/// What to put into every `send`: the peer is looked up once, not for each line.
std::string settled_peer(Context& context, const std::string& peer) {
    std::string settled = peer;
    ask_with_peer(context, peer, [&](const std::string& each) {
        settled = each;
        const auto split = split_host_port(each, default_udp_port);
        // An address needs no question: nobody has to have heard of it.
        if (split && is_ip_address(split->host)) return Json();
        return context.call("peers.show", write_fields(PeerParams{each}));
    });
    return settled;
}

}  // namespace

ExitCode send_lines(Context& context, const std::string& peer, const DeliveryOptions& options) {
    return LineSender(context, settled_peer(context, peer), options).run();
}

}  // namespace p2pd
