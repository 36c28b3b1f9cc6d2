// tests/fuzz: libFuzzer's entry, compiled once for each target.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    p2pd::P2PD_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
    return 0;
}
