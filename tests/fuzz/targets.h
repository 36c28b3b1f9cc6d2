// tests/fuzz: what the fuzzers call: each takes any bytes whatever, and aborts when a promise is
// broken.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace p2pd {

/// A datagram is read or dropped; what is read can be written and read again.
void fuzz_decode(std::string_view bytes);
/// It is read as nlohmann reads it, and what is written too.
void fuzz_decode_reference(std::string_view bytes);
/// The parameters of every control method are read or refused by FieldError.
void fuzz_control_params(std::string_view bytes);
/// A line of a control client is a request or refused.
void fuzz_control_line(std::string_view bytes);
/// A configuration file is loaded or refused by ConfigError; what is loaded can be written.
void fuzz_config(std::string_view bytes);
/// The bytes are a story: events, datagrams, clock steps and crashes of a host.
void fuzz_node(std::string_view bytes);
/// Addresses, times and durations are refused or say what they said.
void fuzz_values(std::string_view bytes);
/// Nothing that is printed moves the cursor or is too wide.
void fuzz_terminal_text(std::string_view bytes);

struct FuzzTarget {
    std::string_view name;
    void (*run)(std::string_view bytes);
};
inline constexpr FuzzTarget fuzz_targets[] = {
    {"decode", fuzz_decode},
    {"decode_reference", fuzz_decode_reference},
    {"control_params", fuzz_control_params},
    {"control_line", fuzz_control_line},
    {"config", fuzz_config},
    {"node", fuzz_node},
    {"values", fuzz_values},
    {"terminal_text", fuzz_terminal_text},
};

inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

}  // namespace p2pd
