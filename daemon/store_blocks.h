// daemon: which messages are whose, by blocks of ids that follow one another. Includes std,
// daemon/sqlite.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "daemon/sqlite.h"

namespace p2pd {

/// So a block with an id after `after` begins after `after - block_ids_max`.
inline constexpr std::int64_t block_ids_max = 256;
/// The timestamps of a block's sent messages are no further apart, so one with the timestamp `us`
/// is in a block whose first is after `us - block_us_max`.
inline constexpr std::int64_t block_us_max = 1'000'000;

/// A message as the blocks see it.
struct BlockMember {
    std::int64_t id = 0;
    std::int64_t peer_id = 0;
    bool received = false;
    bool open = false;            ///< unread, or waiting
    std::int64_t first_us = 0;    ///< of a sent one: of its parts
    std::int64_t last_us = 0;     ///< the same
    std::int64_t expires_us = 0;  ///< of a sent one
};

/// Ids that were given one after the other to messages with one peer in one direction.
struct Block {
    std::int64_t first_id = 0;
    std::int64_t last_id = 0;
    std::int64_t peer_id = 0;
    bool received = false;
    std::int64_t messages = 0;  ///< that are not deleted
    std::int64_t open = 0;
    std::int64_t first_us = 0;
    std::int64_t last_us = 0;
    std::int64_t expires_us = 0;  ///< no open one expires before
};

/// In place of indexes over all messages: an entry a block costs a message next to nothing. What a
/// page needs is in some blocks, found by indexes over these, and in a block are at most
/// block_ids_max rows to look at. Changes are kept in memory until save(), in a transaction.
class BlockTable {
public:
    explicit BlockTable(sqlite::Connection& connection);

    /// Messages with the highest ids so far, alike but for these.
    void add(BlockMember member, std::int64_t count = 1);
    /// It waits again, or is unread again.
    void open(std::int64_t id);
    /// All of them were open.
    void close(std::int64_t first_id, std::int64_t last_id);
    void remove(std::int64_t id, bool was_open);

    /// Some in which a message may have expired by `now_us`, the first to expire first.
    std::vector<Block> due(std::int64_t now_us, std::uint32_t limit);
    /// This message may expire then, and so earlier than any other of its block.
    void expire_by(std::int64_t id, std::int64_t expires_us);
    /// None of its waiting messages expires before.
    void set_expiry(std::int64_t first_id, std::int64_t expires_us);

    /// Before the file is asked for blocks, and before the end of a transaction.
    void save();
    void roll_back();

private:
    struct Entry {
        Block block;
        std::optional<Block> saved;  ///< as the file has it
    };

    /// The newest block, or one that begins with this one.
    Block& block_for(const BlockMember& member);
    /// The block with this id; there is one.
    Block& find(std::int64_t id);
    static Block read(sqlite::Run& row);
    void save(Entry& entry);

    sqlite::Statement find_;
    sqlite::Statement due_;
    sqlite::Statement insert_;
    sqlite::Statement grow_;
    sqlite::Statement update_;
    sqlite::Statement erase_;

    std::map<std::int64_t, Entry> used_;   ///< since save(), by first_id
    std::optional<std::int64_t> growing_;  ///< the newest one, of which there may be more
};

}  // namespace p2pd
