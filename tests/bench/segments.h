// tests/bench: datagrams of one size, many with one system call. Includes std alone.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>

namespace bench {

/// Two UDP sockets on 127.0.0.1, connected to each other, with buffers as large as are allowed.
std::pair<int, int> udp_pair();

/// Sends `bytes` as datagrams of `size` bytes (UDP GSO). Lost ones are the caller's affair.
void send_segments(int descriptor, std::string_view bytes, std::size_t size);

/// Calls for each datagram that has come (UDP GRO), without waiting, up to some `bytes_max`.
void receive_segments(int descriptor, std::size_t bytes_max,
                      const std::function<void(std::string_view)>& call);

}  // namespace bench
