// tests/bench: XADD to Redis streams over one or more connections. Includes std, POSIX, hiredis.
#include <deque>
#include <hiredis/hiredis.h>
#include <memory>
#include <poll.h>
#include <string>
#include <vector>

#include "tests/bench/load.h"

namespace bench {
namespace {

struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
};

/// Answers come in the order of the commands, so the numbers under way are a queue.
struct Connection {
    std::unique_ptr<redisContext, Free> context;
    std::deque<std::uint64_t> numbers;
    bool unwritten = false;
};

Connection connect(const Load& load) {
    Connection connection{
        std::unique_ptr<redisContext, Free>(redisConnect("127.0.0.1", port_of(load))), {}};
    if (!connection.context || connection.context->err != 0) fail("cannot connect to redis");
    connection.context->flags &= ~REDIS_BLOCK;
    return connection;
}

void add(Connection& connection, const std::string& stream, const std::string& text,
         std::uint64_t number) {
    redisAppendCommand(connection.context.get(), "XADD %b * m %b", stream.data(), stream.size(),
                       text.data(), text.size());
    connection.numbers.push_back(number);
    connection.unwritten = true;
}

void write_some(Connection& connection) {
    int done = 0;
    if (redisBufferWrite(connection.context.get(), &done) != REDIS_OK) {
        fail(connection.context->errstr);
    }
    connection.unwritten = done == 0;
}

void read_some(Connection& connection, Meter& meter) {
    redisContext* const context = connection.context.get();
    if (redisBufferRead(context) != REDIS_OK) fail(context->errstr);
    for (;;) {
        void* found = nullptr;
        if (redisGetReplyFromReader(context, &found) != REDIS_OK) fail(context->errstr);
        if (found == nullptr) return;
        const auto* const reply = static_cast<redisReply*>(found);
        if (reply->type != REDIS_REPLY_STRING) fail(reply->str != nullptr ? reply->str : "odd");
        freeReplyObject(found);
        meter.confirmed(connection.numbers.front());
        connection.numbers.pop_front();
    }
}

void transfer(std::vector<Connection>& connections, Meter& meter) {
    std::vector<pollfd> entries;
    for (Connection& connection : connections) {
        if (connection.unwritten) write_some(connection);
        entries.push_back({connection.context->fd,
                           static_cast<short>(connection.unwritten ? POLLIN | POLLOUT : POLLIN),
                           0});
    }
    poll(entries.data(), entries.size(), 1000);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if ((entries[i].revents & (POLLIN | POLLHUP)) != 0) read_some(connections[i], meter);
    }
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    using namespace bench;
    const Load load = parse_load(argc, argv);
    const std::vector<std::string> texts = texts_of(load.bytes);
    std::vector<Connection> connections;
    for (std::size_t i = 0; i < load.connections; ++i) connections.push_back(connect(load));
    Meter meter(load);
    while (!meter.finished()) {
        while (meter.may_send()) {
            const std::uint64_t number = meter.sent();
            add(connections[number % connections.size()], load.to, texts[number % texts.size()],
                number);
        }
        transfer(connections, meter);
    }
    meter.print();
    return 0;
}
