// tests/bench: persistent messages into a quorum queue of RabbitMQ, with publisher confirms.
// Includes std, POSIX, librabbitmq.
#include <algorithm>
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <string>
#include <sys/time.h>
#include <vector>

#include "tests/bench/load.h"

namespace bench {
namespace {

constexpr amqp_channel_t channel = 1;
constexpr int persistent = 2;

void check(const amqp_rpc_reply_t& reply, const char* what) {
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) fail(std::string("rabbitmq: ") + what);
}

amqp_connection_state_t connect(const Load& load) {
    const amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t* const socket = amqp_tcp_socket_new(connection);
    if (amqp_socket_open(socket, "127.0.0.1", port_of(load)) != 0) fail("rabbitmq: connect");
    check(amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"),
          "login");
    amqp_channel_open(connection, channel);
    check(amqp_get_rpc_reply(connection), "channel");
    return connection;
}

void make_queue(amqp_connection_state_t connection, const std::string& name) {
    amqp_table_entry_t type{};
    type.key = amqp_cstring_bytes("x-queue-type");
    type.value.kind = AMQP_FIELD_KIND_UTF8;
    type.value.value.bytes = amqp_cstring_bytes("quorum");
    const amqp_table_t arguments{1, &type};
    amqp_queue_declare(connection, channel, amqp_cstring_bytes(name.c_str()), 0, 1, 0, 0,
                       arguments);
    check(amqp_get_rpc_reply(connection), "queue");
    amqp_confirm_select(connection, channel);
    check(amqp_get_rpc_reply(connection), "confirms");
}

void publish(amqp_connection_state_t connection, const std::string& queue,
             const std::string& text) {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = persistent;
    if (amqp_basic_publish(connection, channel, amqp_empty_bytes, amqp_cstring_bytes(queue.c_str()),
                           0, 0, &properties,
                           {text.size(), const_cast<char*>(text.data())}) != AMQP_STATUS_OK) {
        fail("rabbitmq: publish");
    }
}

/// Confirmations are of one message or of all up to it; `done` knows which are confirmed.
void take_ack(const amqp_basic_ack_t& ack, Meter& meter, std::vector<bool>& done,
              std::uint64_t& through) {
    const std::uint64_t number = ack.delivery_tag - 1;
    done.resize(std::max<std::size_t>(done.size(), number + 1));
    if (ack.multiple != 0) {
        for (; through <= number; ++through) {
            if (!done[through]) meter.confirmed(through);
            done[through] = true;
        }
    } else {
        meter.confirmed(number);
        done[number] = true;
    }
}

/// Waits for a frame if `wait`; whether there was one.
bool take_frame(amqp_connection_state_t connection, bool wait, Meter& meter,
                std::vector<bool>& done, std::uint64_t& through) {
    timeval timeout{wait ? 1 : 0, 0};
    amqp_frame_t frame;
    const int status = amqp_simple_wait_frame_noblock(connection, &frame, &timeout);
    if (status == AMQP_STATUS_TIMEOUT) return false;
    if (status != AMQP_STATUS_OK) fail("rabbitmq: the connection has ended");
    if (frame.frame_type != AMQP_FRAME_METHOD) return true;
    if (frame.payload.method.id != AMQP_BASIC_ACK_METHOD) fail("rabbitmq: not confirmed");
    take_ack(*static_cast<amqp_basic_ack_t*>(frame.payload.method.decoded), meter, done, through);
    amqp_maybe_release_buffers(connection);
    return true;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    using namespace bench;
    const Load load = parse_load(argc, argv);
    const std::vector<std::string> texts = texts_of(load.bytes);
    const amqp_connection_state_t connection = connect(load);
    make_queue(connection, load.to);
    std::vector<bool> done;
    std::uint64_t through = 0;
    Meter meter(load);
    while (!meter.finished()) {
        // A publication is a system call or two, so that confirmations are looked for in between.
        for (int burst = 64; burst > 0 && meter.may_send(); --burst) {
            publish(connection, load.to, texts[meter.sent() % texts.size()]);
        }
        bool more = take_frame(connection, !meter.may_send(), meter, done, through);
        while (more) more = take_frame(connection, false, meter, done, through);
    }
    meter.print();
    amqp_destroy_connection(connection);
    return 0;
}
