// tests/fuzz: whatever a control request holds, its parameters are read or refused by FieldError.
#include <cstdint>
#include <string_view>

#include "common/control_protocol.h"

namespace {

template <class Params>
void read(const p2pd::Json& json) {
    try {
        Params params;
        p2pd::read_fields(json, params);
        static_cast<void>(p2pd::write_fields(params));
    } catch (const p2pd::FieldError&) {
        return;  // refused, with a reason
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace p2pd;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (bytes.size() > 4096) return 0;  // depth is checked before this is reached
    const Json json = Json::parse(bytes, nullptr, false);
    if (json.is_discarded()) return 0;
    read<SendParams>(json);
    read<ReplyParams>(json);
    read<ListParams>(json);
    read<WaitParams>(json);
    read<MarkParams>(json);
    read<PeerAddParams>(json);
    try {
        static_cast<void>(parse_message_json(json));
    } catch (const FieldError&) {
        return 0;
    }
    return 0;
}
