// bus_server: one connection to a message bus, driven by the loop. Includes std, Asio, sd-bus,
// common.
#include "daemon/bus_connection.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <poll.h>
#include <utility>

namespace p2pd {

namespace {

constexpr std::chrono::milliseconds first_retry_after{500};
constexpr std::chrono::milliseconds last_retry_after{30'000};
constexpr int messages_a_turn = 64;                     // then the loop looks at the rest
constexpr std::uint64_t unwritten_messages_max = 4096;  // more, and the bus does not read

}  // namespace

BusConnection::BusConnection(boost::asio::io_context& loop, MessageBus which, Handlers handlers)
    : which_(which),
      handlers_(std::move(handlers)),
      descriptor_(loop),
      timer_(loop),
      retry_(loop),
      retry_after_(first_retry_after) {}

BusConnection::~BusConnection() {
    forget();
}

void BusConnection::start() {
    open();
}

void BusConnection::stop() {
    stopped_ = true;
    retry_.cancel();
    forget();
}

void BusConnection::open() {
    if (!load_bus_library()) return lose("libsystemd cannot be loaded");
    sd_bus* opened = nullptr;
    const int result = which_ == MessageBus::user ? bus_library().open_user(&opened)
                                                  : bus_library().open_system(&opened);
    bus_.reset(opened);
    try {
        bus_check(result);
        handlers_.opened();
        arm();
    } catch (const BusFailure& failure) {
        lose(failure.what());
    }
}

void BusConnection::process() {
    try {
        for (int count = 0; bus_ && problem_.empty() && count < messages_a_turn; ++count) {
            if (bus_check(bus_library().process(bus_.get(), nullptr)) == 0) break;
        }
        if (!bus_) return;
        if (!problem_.empty()) return lose(std::exchange(problem_, {}));
        arm();
    } catch (const BusFailure& failure) {
        lose(failure.what());
    }
}

void BusConnection::sent() {
    if (!bus_) return;
    std::uint64_t unwritten = 0;
    if (bus_library().get_n_queued_write(bus_.get(), &unwritten) >= 0 &&
        unwritten > unwritten_messages_max) {
        give_up("it does not read");
    }
    try {
        arm();
    } catch (const BusFailure& failure) {
        give_up(failure.what());
    }
}

void BusConnection::give_up(const std::string& why) {
    problem_ = why;
    timer_.expires_after(std::chrono::seconds{0});
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) process();
    });
}

void BusConnection::settled() {
    retry_after_ = first_retry_after;
}

/// Waits for what sd-bus asks for at this moment.
void BusConnection::arm() {
    if (!bus_ || !problem_.empty()) return;
    const int descriptor = bus_check(bus_library().get_fd(bus_.get()));
    if (!descriptor_.is_open() || descriptor_.native_handle() != descriptor) {
        if (descriptor_.is_open()) descriptor_.release();
        reading_ = writing_ = false;
        descriptor_.assign(descriptor);
    }
    const int events = bus_check(bus_library().get_events(bus_.get()));
    using Descriptor = boost::asio::posix::stream_descriptor;
    if ((events & POLLIN) != 0) wait(Descriptor::wait_read, reading_);
    if ((events & POLLOUT) != 0) wait(Descriptor::wait_write, writing_);
    arm_timer();
}

void BusConnection::arm_timer() {
    std::uint64_t due_us = 0;
    bus_check(bus_library().get_timeout(bus_.get(), &due_us));
    if (due_us == std::numeric_limits<std::uint64_t>::max()) {
        timer_.cancel();
        return;
    }
    // sd-bus counts by CLOCK_MONOTONIC, as the steady clock does.
    const std::chrono::microseconds due{static_cast<std::int64_t>(due_us)};
    timer_.expires_at(std::chrono::steady_clock::time_point(due));
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) process();
    });
}

void BusConnection::wait(boost::asio::posix::stream_descriptor::wait_type type, bool& waiting) {
    if (std::exchange(waiting, true)) return;
    descriptor_.async_wait(type, [this, &waiting](const boost::system::error_code& error) {
        if (error == boost::asio::error::operation_aborted) return;
        waiting = false;
        process();
    });
}

void BusConnection::lose(const std::string& why) {
    handlers_.lost(why);
    forget();
    if (stopped_) return;
    retry_.expires_after(retry_after_);
    retry_after_ = std::min(retry_after_ * 2, last_retry_after);
    retry_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !stopped_) open();
    });
}

void BusConnection::forget() {
    if (descriptor_.is_open()) descriptor_.release();
    reading_ = writing_ = false;
    timer_.cancel();
    problem_.clear();
    bus_.reset();
}

}  // namespace p2pd
