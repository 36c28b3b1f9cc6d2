// tests/power: the life of one store under power cuts and failures. Includes std, daemon/store.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/power/ledger.h"
#include "tests/power/memory_vfs.h"
#include "tests/power/model.h"

namespace p2pd::test {

/// A store on a MemoryDisk gets a random workload, while operations fail, the disk fills up, the
/// process is killed and the power goes. At each start all must be as a Model has it: as before the
/// call that failed, or as after it.
class Universe {
public:
    /// `fresh` has a store that was just made.
    Universe(std::uint64_t seed, const MemoryDisk& fresh, bool policy_p);

    /// Empty if all was as it must be, else what was not.
    std::string run();
    const Ledger& ledger() const { return ledger_; }

private:
    void step();
    void exchange();
    void repeat_batch();
    void mark();
    void remove();
    void purge();
    void maintain();
    void search();
    void checkpoint();
    void fill_or_empty_disk();
    void stop();

    StoreBatch make_batch();
    ReceivedMessage make_received();
    ReceivedMessage make_part();
    OutgoingMessage make_outgoing(std::int64_t first_us);
    OutgoingUpdate make_update();
    void make_burst(StoreBatch& batch, std::int64_t first_us);
    void make_confirmed(StoreBatch& batch);
    std::string make_text();
    Endpoint make_peer();
    MessageId some_id();
    std::vector<MessageId> some_ids();

    void plan_fault();
    void start();
    bool try_to_start();
    template <class Work>
    void survive(Work&& work);
    void commit(const StoreBatch& batch);
    void expect(std::vector<Model> possible);
    const Model& model() const { return possible_.front(); }
    void look();
    void report(const Model::Totals& totals, const std::map<MessageId, Model::Row>& rows);
    void fail(const std::string& problem);

    Random random_;
    MemoryDisk disk_;
    MemoryVfs vfs_;
    StoreOptions options_;
    std::unique_ptr<Store> store_;
    std::vector<Model> possible_;  ///< one, or several while a call's outcome is not known
    WallTime now_;
    StoreBatch last_batch_;
    std::uint64_t numbers_ = 0;  ///< given to texts, each once; timestamps are made of them
    struct LongText {
        Endpoint peer;
        std::int64_t first_us = 0;
        std::uint32_t count = 0;
    };
    std::vector<LongText> long_texts_;
    bool full_ = false;
    std::string problem_;
    Ledger ledger_;
    std::uint64_t generation_ = 0;  ///< of the disk, when the store was started last
};

}  // namespace p2pd::test
