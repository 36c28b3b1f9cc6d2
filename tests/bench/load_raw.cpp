// tests/bench: the client of raw_log. Includes std and bench.
#include <cstring>
#include <string>
#include <vector>

#include "tests/bench/line_socket.h"
#include "tests/bench/load.h"

int main(int argc, char** argv) {
    using namespace bench;
    const Load load = parse_load(argc, argv);
    const std::vector<std::string> texts = texts_of(load.bytes);
    LineSocket socket = LineSocket::to_unix(load.target);
    Meter meter(load);
    while (!meter.finished()) {
        while (meter.may_send()) {
            const std::uint64_t number = meter.sent();
            socket.write({reinterpret_cast<const char*>(&number), sizeof number});
            socket.write(texts[number % texts.size()]);
        }
        socket.transfer();
        while (const auto bytes = socket.take_bytes(sizeof(std::uint64_t))) {
            std::uint64_t count = 0;
            std::memcpy(&count, bytes->data(), sizeof count);
            meter.confirmed_through(count - 1);
        }
    }
    meter.print();
    return 0;
}
