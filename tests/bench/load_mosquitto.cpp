// tests/bench: QoS 1 publications to mosquitto, confirmed by PUBACK. Includes std, libmosquitto.
// A session of a second client, which then is away, makes the broker keep what it confirms.
#include <memory>
#include <mosquitto.h>
#include <string>
#include <vector>

#include "tests/bench/load.h"

namespace bench {
namespace {

constexpr int qos = 1;
constexpr int keep_alive_s = 60;

struct Free {
    void operator()(mosquitto* client) const { mosquitto_destroy(client); }
};
using Client = std::unique_ptr<mosquitto, Free>;

struct Publisher {
    Meter* meter = nullptr;
    std::vector<std::uint64_t> numbers = std::vector<std::uint64_t>(65536);  ///< by packet id
    bool subscribed = false;
    bool connected = false;
};

void check(int result) {
    if (result != MOSQ_ERR_SUCCESS) fail(mosquitto_strerror(result));
}

Client connect(const Load& load, const char* name, bool clean, Publisher& state) {
    Client client(mosquitto_new(name, clean, &state));
    if (!client) fail("mosquitto_new");
    mosquitto_int_option(client.get(), MOSQ_OPT_SEND_MAXIMUM, 65535);
    mosquitto_int_option(client.get(), MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_max_inflight_messages_set(client.get(), 0);
    mosquitto_connect_callback_set(client.get(), [](mosquitto*, void* self, int result) {
        check(result);
        static_cast<Publisher*>(self)->connected = true;
    });
    mosquitto_subscribe_callback_set(client.get(),
                                     [](mosquitto*, void* self, int, int, const int*) {
                                         static_cast<Publisher*>(self)->subscribed = true;
                                     });
    mosquitto_publish_callback_set(client.get(), [](mosquitto*, void* self, int packet) {
        auto& publisher = *static_cast<Publisher*>(self);
        publisher.meter->confirmed(publisher.numbers[static_cast<std::size_t>(packet)]);
    });
    check(mosquitto_connect(client.get(), "127.0.0.1", port_of(load), keep_alive_s));
    while (!state.connected) check(mosquitto_loop(client.get(), 100, 1));
    return client;
}

/// The broker keeps for a session that is not clean what comes while its client is away.
void subscribe_and_leave(const Load& load) {
    Publisher state;
    const Client client = connect(load, "reader", false, state);
    check(mosquitto_subscribe(client.get(), nullptr, load.to.c_str(), qos));
    while (!state.subscribed) check(mosquitto_loop(client.get(), 100, 1));
    mosquitto_disconnect(client.get());
    mosquitto_loop(client.get(), 100, 1);
}

void run(const Load& load) {
    subscribe_and_leave(load);
    Publisher state;
    const Client client = connect(load, "writer", true, state);
    const std::vector<std::string> texts = texts_of(load.bytes);
    Meter meter(load);
    state.meter = &meter;
    while (!meter.finished()) {
        while (meter.may_send()) {
            const std::uint64_t number = meter.sent();
            const std::string& text = texts[number % texts.size()];
            int packet = 0;
            check(mosquitto_publish(client.get(), &packet, load.to.c_str(),
                                    static_cast<int>(text.size()), text.data(), qos, false));
            state.numbers[static_cast<std::size_t>(packet)] = number;
        }
        check(mosquitto_loop(client.get(), 1000, 1000));
    }
    meter.print();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    mosquitto_lib_init();
    bench::run(bench::parse_load(argc, argv));
    mosquitto_lib_cleanup();
    return 0;
}
