// tests/bench: what a datagram costs to read, by nlohmann and by p2pd in turns, and to write.
//
// usage: codec_bench [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "daemon/core/decoder.h"
#include "tests/reference/decode.h"

namespace {

std::size_t allocations = 0;

}  // namespace

// Counts; the program has one thread.
void* operator new(std::size_t size) {
    ++allocations;
    if (void* const memory = std::malloc(size)) return memory;
    throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}

namespace p2pd {
namespace {

constexpr int messages_per_round = 2000;
constexpr std::int64_t some_us = 1'732'260'000'123'456;

struct Sample {
    const char* name;
    WireObject object;
    Dialect dialect;
};

std::vector<Sample> samples() {
    const std::string short_text(100, 'x');
    const std::string long_text(700, 'x');
    const std::string escaped = "olá \"mundo\"\n\tmais uma linha, e outra\n" + std::string(60, 'y');
    const Stamp stamp = Stamp::of(some_us);
    const Stamp later = Stamp::of(some_us + 1500);
    return {
        {"message of 100 bytes", WireMessage{stamp, short_text}, Dialect::base},
        {"message of 700 bytes", WireMessage{stamp, long_text}, Dialect::base},
        {"message with escapes", WireMessage{stamp, escaped}, Dialect::base},
        {"message, quoted", WireMessage{stamp, short_text}, Dialect::quoted},
        {"ACK", WireAck{stamp, later, true}, Dialect::base},
        {"reply", WireReply{stamp, later, short_text, short_text, std::nullopt}, Dialect::base}};
}

struct Cost {
    double ns = 0;
    double allocations = 0;
};

/// What one call costs, in a round of many.
template <class Call>
Cost measured(const Call& call) {
    const std::size_t allocations_before = allocations;
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < messages_per_round; ++i) call();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begun;
    return {taken.count() / messages_per_round,
            double(allocations - allocations_before) / messages_per_round};
}

Cost median(std::vector<Cost>& costs) {
    const auto middle = costs.begin() + std::ptrdiff_t(costs.size() / 2);
    std::nth_element(costs.begin(), middle, costs.end(),
                     [](const Cost& a, const Cost& b) { return a.ns < b.ns; });
    return *middle;
}

/// So that the compiler does not leave out what nobody looks at.
std::size_t looked_at = 0;

void run(const Sample& sample, int rounds, Decoder& decoder) {
    const Endpoint local = *parse_endpoint("10.0.0.4:5000", 0);
    const Endpoint peer = *parse_endpoint("10.0.0.5:5000", 0);
    const auto write = [&] {
        return encode(sample.object, local, peer, sample.dialect, Extension::p2pd);
    };
    const std::string bytes = write();
    std::vector<Cost> before;
    std::vector<Cost> now;
    std::vector<Cost> written;
    for (int round = 0; round < rounds; ++round) {  // in turns: what disturbs, meets all of them
        before.push_back(measured([&] { looked_at += reference::decode(bytes).index(); }));
        now.push_back(measured([&] { looked_at += decoder.decode(bytes).index(); }));
        written.push_back(measured([&] { looked_at += write().size(); }));
    }
    const Cost old_cost = median(before);
    const Cost new_cost = median(now);
    const Cost write_cost = median(written);
    std::printf("| %-20s | %5zu | %6.0f | %4.0f | %5.0f | %4.1f | %5.1f | %6.0f | %4.1f |\n",
                sample.name, bytes.size(), old_cost.ns, old_cost.allocations, new_cost.ns,
                new_cost.allocations, old_cost.ns / new_cost.ns, write_cost.ns,
                write_cost.allocations);
}

}  // namespace
}  // namespace p2pd

int main(int count, char** arguments) {
    const int rounds = count > 1 ? std::atoi(arguments[1]) : 51;
    std::puts("median ns and allocations (a.) of one datagram");
    std::puts(
        "| datagram             | bytes | before |   a. |   now |   a. | ratio |  write |   a. |");
    std::puts(
        "| ---                  | ---   | ---    | ---  | ---   | ---  | ---   | ---    | ---  |");
    p2pd::Decoder decoder;
    for (const p2pd::Sample& sample : p2pd::samples()) p2pd::run(sample, rounds, decoder);
    return p2pd::looked_at == 0 ? 1 : 0;
}
