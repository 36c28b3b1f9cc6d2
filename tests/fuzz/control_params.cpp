// tests/fuzz: the parameters of control requests, as JSON.
#include "common/control_protocol.h"
#include "tests/fuzz/targets.h"

namespace p2pd {

namespace {

template <class Params>
void read(const Json& json) {
    try {
        Params params;
        read_fields(json, params);
        const Json written = write_fields(params);
        Params again;
        read_fields(written, again);
        require(write_fields(again) == written, "what was read can be written and read");
    } catch (const FieldError&) {
        return;  // refused, with a reason
    }
}

template <class... Params>
void read_each(const Json& json) {
    (read<Params>(json), ...);
}

}  // namespace

void fuzz_control_params(std::string_view bytes) {
    if (bytes.size() > 4096) return;  // depth is checked before this is reached
    const Json json = Json::parse(bytes, nullptr, false);
    if (json.is_discarded()) return;
    read_each<NoParams, HelloParams, SendParams, SendManyParams, ReplyParams, ListParams, IdsParams,
              ThreadParams, SearchParams, WaitParams, ReceiptParams, TraceParams, MarkParams,
              PurgeParams, PeersListParams, PeersNamesParams, PeerAddParams, PeerRenameParams,
              PeerParams, GroupAddParams, GroupRemoveParams, LogLevelParams, SubscribeParams>(json);
    try {
        static_cast<void>(parse_message_json(json));
    } catch (const FieldError&) {
        return;
    }
}

}  // namespace p2pd
