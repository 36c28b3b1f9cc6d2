// tests: the daemon's own store, with SQLite and all, on a disk in memory.
#pragma once

#include "daemon/store.h"
#include "tests/power/memory_vfs.h"
#include "tests/simulation/simulated_host.h"

namespace p2pd {

class RealStore : public StoreTwin {
public:
    explicit RealStore(std::uint64_t seed) : disk_(seed) {}

    std::optional<Recovered> open(std::size_t peers_max) override;
    std::optional<BatchResult> commit(const StoreBatch& batch) override;
    std::optional<LoadedPage> load(const LoadRequest& request) override;
    std::optional<std::vector<MessageId>> maintain(WallTime now) override;
    void close(bool power) override;
    void fill(bool full) override { disk_.set_full(full); }
    void spoil(std::uint64_t operation, bool for_ever) override;
    void mend() override { disk_.heal(); }
    std::vector<std::string> contents() override;

private:
    test::MemoryDisk disk_;
    test::MemoryVfs vfs_{disk_};
    std::unique_ptr<Store> store_;
};

}  // namespace p2pd
