// tests/fuzz: whatever a text holds, what is printed has no control character.
#include "common/terminal_text.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace p2pd;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::string shown = terminal_text(bytes, LineBreaks::show);
    for (const char c : shown) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) std::abort();
    }
    if (terminal_text(shown, LineBreaks::show) != shown) std::abort();
    static_cast<void>(fit_width(shown, 40));
    return 0;
}
