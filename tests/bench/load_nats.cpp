// tests/bench: messages into a NATS JetStream stream, confirmed by its PubAck. Includes std, bench.
// The protocol is lines of text, so that no library stands between.
#include <charconv>
#include <string>
#include <vector>

#include "tests/bench/line_socket.h"
#include "tests/bench/load.h"

namespace bench {
namespace {

constexpr std::string_view inbox = "_INBOX.bench.";

class Publisher {
public:
    explicit Publisher(const Load& load)
        : load_(load), socket_(LineSocket::to_port(port_of(load))), texts_(texts_of(load.bytes)) {}

    void run() {
        socket_.write("CONNECT {\"verbose\":false}\r\nSUB _INBOX.bench.* 1\r\n");
        make_stream();
        Meter meter(load_);  // begins when the stream is there
        meter_ = &meter;
        while (!meter.finished()) {
            while (meter.may_send()) publish(meter.sent());
            step();
        }
        meter.print();
    }

private:
    void make_stream() {
        const std::string body = R"({"name":")" + load_.to + R"(","subjects":[")" + load_.to +
                                 R"("],"storage":"file","retention":"limits"})";
        publish_to("$JS.API.STREAM.CREATE." + load_.to, "created", body);
        while (!created_) step();
    }

    void publish(std::uint64_t number) {
        publish_to(load_.to, std::to_string(number), texts_[number % texts_.size()]);
    }

    void publish_to(std::string_view subject, const std::string& reply, const std::string& body) {
        socket_.write("PUB ");
        socket_.write(subject);
        socket_.write(" ");
        socket_.write(inbox);
        socket_.write(reply + " " + std::to_string(body.size()) + "\r\n" + body + "\r\n");
    }

    void step() {
        socket_.transfer();
        while (const auto line = socket_.take_line()) {
            if (line->starts_with("PING"))
                socket_.write("PONG\r\n");
            else if (line->starts_with("-ERR"))
                fail(*line);
            else if (line->starts_with("MSG "))
                reply_ = line->substr(4 + inbox.size());
            else if (line->starts_with("{"))
                take(*line);
        }
    }

    /// The body of the message whose head `reply_` is from: one line, as JSON has no bare line
    /// ends.
    void take(std::string_view body) {
        if (body.find("\"error\"") != std::string_view::npos) fail(body);
        if (reply_.starts_with("created")) {
            created_ = true;
            return;
        }
        std::uint64_t number = 0;
        std::from_chars(reply_.data(), reply_.data() + reply_.size(), number);
        meter_->confirmed(number);
    }

    const Load load_;
    LineSocket socket_;
    Meter* meter_ = nullptr;
    std::vector<std::string> texts_;
    std::string reply_;
    bool created_ = false;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    bench::Publisher(bench::parse_load(argc, argv)).run();
    return 0;
}
