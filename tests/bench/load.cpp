// tests/bench: what all load generators share. Includes std alone.
#include "tests/bench/load.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>

namespace bench {

namespace {

/// A window that is never filled again is a failure, not a slow program.
constexpr std::chrono::seconds patience{30};

[[noreturn]] void usage(std::string_view what) {
    std::fprintf(stderr, "%.*s: see Load in tests/bench/load.h\n", static_cast<int>(what.size()),
                 what.data());
    std::exit(64);
}

double microseconds_at(const std::vector<std::uint32_t>& sorted, double share) {
    if (sorted.empty()) return 0;
    const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
    return static_cast<double>(sorted[index]) / 10;
}

}  // namespace

Load parse_load(int argc, char** argv) {
    Load load;
    const std::map<std::string_view, std::function<void(const char*)>> options{
        {"--target", [&](const char* value) { load.target = value; }},
        {"--host", [&](const char* value) { load.host = value; }},
        {"--to", [&](const char* value) { load.to = value; }},
        {"--mode", [&](const char* value) { load.mode = value; }},
        {"--bytes", [&](const char* value) { load.bytes = std::stoul(value); }},
        {"--window", [&](const char* value) { load.window = std::stoul(value); }},
        {"--connections", [&](const char* value) { load.connections = std::stoul(value); }},
        {"--seconds", [&](const char* value) { load.seconds = std::stod(value); }},
        {"--rate", [&](const char* value) { load.rate = std::stod(value); }},
        {"--messages", [&](const char* value) { load.messages = std::stoul(value); }},
        {"--cut", [&](const char* value) { load.cut = std::stoul(value) != 0; }},
    };
    if (argc % 2 == 0) usage("each option has a value");
    for (int i = 1; i < argc; i += 2) {
        const auto found = options.find(argv[i]);
        if (found == options.end()) usage(argv[i]);
        found->second(argv[i + 1]);
    }
    return load;
}

int port_of(const Load& load) {
    return std::stoi(load.target);
}

void fail(std::string_view what) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
    std::exit(1);
}

void fail_with_errno(std::string_view what) {
    fail(std::string(what) + ": " + std::strerror(errno));
}

std::vector<std::string> texts_of(std::size_t bytes, std::size_t count) {
    std::mt19937 random{1};
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) {
        std::string text = "n" + std::to_string(i);
        while (text.size() < bytes) {
            text += ' ';
            for (auto left = 2 + random() % 8; left > 0; --left) {
                text += static_cast<char>('a' + random() % 26);
            }
        }
        text.resize(bytes);
        if (text.back() == ' ') text.back() = 'x';
        texts.push_back(std::move(text));
    }
    return texts;
}

Meter::Meter(const Load& load) : load_(load) {
    sent_at_.reserve(1 << 20);
    taken_.reserve(1 << 20);
}

bool Meter::stopped() const {
    const auto now = Clock::now();
    if (in_flight() > 0 && now - last_ > patience && now - sent_at_.back() > patience) {
        fail("no confirmation for 30 s");
    }
    if (load_.messages > 0) return sent_at_.size() >= load_.messages;
    return now - begun_ >= std::chrono::duration<double>(load_.seconds);
}

bool Meter::may_send() const {
    return in_flight() < load_.window && is_due() && !stopped();
}

Clock::time_point Meter::next_due() const {
    const std::chrono::duration<double> after(static_cast<double>(sent_at_.size()) / load_.rate);
    return begun_ + std::chrono::duration_cast<Clock::duration>(after);
}

std::chrono::milliseconds Meter::rest() const {
    constexpr std::chrono::milliseconds longest{1000};
    if (load_.rate == 0 || in_flight() >= load_.window || stopped()) return longest;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_due() - Clock::now());
    return std::clamp(left, std::chrono::milliseconds{0}, longest);
}

std::uint64_t Meter::sent() {
    sent_at_.push_back(Clock::now());
    return sent_at_.size() - 1;
}

void Meter::confirmed(std::uint64_t number) {
    if (number >= sent_at_.size() || taken_.size() >= sent_at_.size()) fail("confirmed twice");
    last_ = Clock::now();
    const auto taken = std::chrono::nanoseconds{last_ - sent_at_[number]}.count() / 100;
    taken_.push_back(static_cast<std::uint32_t>(taken));
}

void Meter::confirmed_through(std::uint64_t number) {
    for (; through_ <= number; ++through_) confirmed(through_);
}

void Meter::print() const {
    const Clock::time_point end = load_.cut ? Clock::now() : last_;
    std::vector<std::uint32_t> sorted = taken_;
    std::sort(sorted.begin(), sorted.end());
    std::printf(R"({"messages":%zu,"seconds":%.6f,"p50_us":%.1f,"p99_us":%.1f})"
                "\n",
                taken_.size(), std::chrono::duration<double>(end - begun_).count(),
                microseconds_at(sorted, 0.5), microseconds_at(sorted, 0.99));
}

}  // namespace bench
