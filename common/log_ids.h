// common: what kinds of events the log has. Each has an entry in systemd/p2pd.catalog. Includes std
// only.
#pragma once

#include <string_view>

/// Values of MESSAGE_ID, by which `journalctl` finds and explains events. They never change.
namespace p2pd::log_id {

inline constexpr std::string_view ready = "0b7ee5377b9fa3d30bd0173540362be4";
inline constexpr std::string_view stopping = "43398371ade1cf8007fc54fffe258fad";
inline constexpr std::string_view stopped = "95f396a9a084096a460d89d8629f8ca5";
inline constexpr std::string_view reloaded = "554efac8b41c7a24a20b2659eca3faa8";
inline constexpr std::string_view not_reloaded = "076e84d81cc4e5669bcc2e5574c04fbb";
inline constexpr std::string_view failed = "dbf342db7bc946b2af3199b133c6d0c3";
inline constexpr std::string_view store_warning = "8e15e9046080e9363616dd94c6cf6073";
inline constexpr std::string_view disk_full = "ab252b2e14af8c63a1d4ac96e30db155";
inline constexpr std::string_view disk_room = "cb397995e82a202048151295e2de3294";
inline constexpr std::string_view address_awaited = "e4c9b5025ba0494389f28ad8ffd58f1e";
inline constexpr std::string_view socket_closed = "5e0c9d3a7f1b4c2e8a6d40b19f73c5d8";
inline constexpr std::string_view sockets_not_kept = "c81f6a2e94d04b7fb35e07d2a9681cf4";
inline constexpr std::string_view send_trouble = "623d5a48eba8fce9d1e7d15ca17d8f34";
inline constexpr std::string_view control_trouble = "3316512288ce8f9e284f358a961d148c";
inline constexpr std::string_view admin_unknown = "bd3b2e35d36b69e8a5611b7ce8cb1abf";
inline constexpr std::string_view bus_joined = "0affd3f01767b382fb740aafa69706d1";
inline constexpr std::string_view bus_lost = "971e3ed307e11d9e1cbb8c14e1ebada7";
inline constexpr std::string_view message_accepted = "59d23b6ccf4d357bb62f6b530bc69132";
inline constexpr std::string_view message_delivered = "85ad798cbe0ef0153afcf6b6f82727a3";
inline constexpr std::string_view message_undelivered = "2a772c68811777a3eea833e11159386d";
inline constexpr std::string_view message_received = "6710aa62048e346b5fd60e6b77806850";
inline constexpr std::string_view peer_named = "cfe59279015a0d3f6d868b7df138aae2";
inline constexpr std::string_view suppressed = "ffb638f71ce535402665a3e45d9f79ed";

}  // namespace p2pd::log_id
