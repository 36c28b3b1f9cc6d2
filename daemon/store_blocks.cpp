// daemon: which messages are whose, by blocks of ids. Includes std, daemon/sqlite.h.
#include "daemon/store_blocks.h"

#include <algorithm>
#include <cassert>

namespace p2pd {

namespace {

std::string_view dir(bool received) {
    return received ? "in" : "out";
}

bool is_next(const Block& block, const BlockMember& member) {
    return block.last_id + 1 == member.id && block.peer_id == member.peer_id &&
           block.received == member.received && member.id - block.first_id < block_ids_max &&
           std::max(block.last_us, member.last_us) - std::min(block.first_us, member.first_us) <
               block_us_max;
}

}  // namespace

BlockTable::BlockTable(sqlite::Connection& connection)
    : find_(connection,
            "SELECT first_id, last_id, peer_id, dir = 'in', messages, open, first_us, last_us, "
            "expires_us FROM block WHERE first_id <= ?1 ORDER BY first_id DESC LIMIT 1"),
      due_(connection,
           "SELECT first_id, last_id, peer_id, dir = 'in', messages, open, first_us, last_us, "
           "expires_us FROM block INDEXED BY block_expiry "
           "WHERE dir = 'out' AND is_open = 1 AND expires_us < ?1 ORDER BY expires_us LIMIT ?2"),
      insert_(connection,
              "INSERT INTO block (first_id, last_id, peer_id, dir, messages, open, is_open, "
              "first_us, last_us, expires_us) "
              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6 > 0, ?7, ?8, ?9)"),
      grow_(connection,
            "UPDATE block SET last_id = ?2, messages = ?3, open = ?4, last_us = ?5 "
            "WHERE first_id = ?1"),
      update_(connection,
              "UPDATE block SET last_id = ?2, messages = ?3, open = ?4, last_us = ?5, "
              "is_open = ?4 > 0, first_us = ?6, expires_us = ?7 WHERE first_id = ?1"),
      erase_(connection, "DELETE FROM block WHERE first_id = ?1") {}

void BlockTable::add(BlockMember member, std::int64_t count) {
    while (count > 0) {
        Block& block = block_for(member);
        const std::int64_t taken = std::min(count, block.first_id + block_ids_max - member.id);
        block.last_id = member.id + taken - 1;
        block.messages += taken;
        if (member.open) block.open += taken;
        block.first_us = std::min(block.first_us, member.first_us);
        block.last_us = std::max(block.last_us, member.last_us);
        block.expires_us = std::min(block.expires_us, member.expires_us);
        member.id += taken;
        count -= taken;
    }
}

Block& BlockTable::block_for(const BlockMember& member) {
    if (growing_) {
        Block& block = find(*growing_);
        if (is_next(block, member)) return block;
    }
    growing_ = member.id;
    Entry& entry = used_[member.id];
    entry.block = {.first_id = member.id,
                   .last_id = member.id,
                   .peer_id = member.peer_id,
                   .received = member.received,
                   .first_us = member.first_us,
                   .last_us = member.last_us,
                   .expires_us = member.expires_us};
    return entry.block;
}

void BlockTable::open(std::int64_t id) {
    ++find(id).open;
}

void BlockTable::close(std::int64_t first_id, std::int64_t last_id) {
    while (first_id <= last_id) {
        Block& block = find(first_id);
        const std::int64_t end = std::min(block.last_id, last_id) + 1;
        block.open -= end - first_id;
        assert(block.open >= 0);
        first_id = end;
    }
}

void BlockTable::remove(std::int64_t id, bool was_open) {
    Block& block = find(id);
    --block.messages;
    if (was_open) --block.open;
    assert(block.messages >= block.open && block.open >= 0);
    if (block.messages == 0 && growing_ == block.first_id) growing_.reset();
}

std::vector<Block> BlockTable::due(std::int64_t now_us, std::uint32_t limit) {
    std::vector<Block> blocks;
    sqlite::Run row = due_.run(now_us, limit);
    while (row.step()) blocks.push_back(read(row));
    return blocks;
}

void BlockTable::expire_by(std::int64_t id, std::int64_t expires_us) {
    Block& block = find(id);
    block.expires_us = std::min(block.expires_us, expires_us);
}

void BlockTable::set_expiry(std::int64_t first_id, std::int64_t expires_us) {
    find(first_id).expires_us = expires_us;
}

Block& BlockTable::find(std::int64_t id) {
    if (auto next = used_.upper_bound(id); next != used_.begin()) {
        Block& block = std::prev(next)->second.block;
        if (id <= block.last_id) return block;
    }
    sqlite::Run row = find_.run(id);
    if (!row.step()) throw StoreFailure("the store failed: a message is in no block");
    const Block block = read(row);
    if (id > block.last_id) throw StoreFailure("the store failed: a message is in no block");
    return used_.emplace(block.first_id, Entry{block, block}).first->second.block;
}

Block BlockTable::read(sqlite::Run& row) {
    Block block;
    block.first_id = row.next<std::int64_t>();
    block.last_id = row.next<std::int64_t>();
    block.peer_id = row.next<std::int64_t>();
    block.received = row.next<bool>();
    block.messages = row.next<std::int64_t>();
    block.open = row.next<std::int64_t>();
    block.first_us = row.next<std::int64_t>();
    block.last_us = row.next<std::int64_t>();
    block.expires_us = row.next<std::int64_t>();
    return block;
}

void BlockTable::save() {
    for (auto& [first_id, entry] : used_) save(entry);
    std::erase_if(used_, [this](const auto& used) { return used.first != growing_; });
}

/// An index is touched when a column of it is set, also to what it was.
void BlockTable::save(Entry& entry) {
    const Block& block = entry.block;
    if (block.messages == 0) {
        if (entry.saved) erase_.execute(block.first_id);
    } else if (!entry.saved) {
        insert_.execute(block.first_id, block.last_id, block.peer_id, dir(block.received),
                        block.messages, block.open, block.first_us, block.last_us,
                        block.expires_us);
    } else if (const Block& saved = *entry.saved; (saved.open > 0) != (block.open > 0) ||
                                                  saved.first_us != block.first_us ||
                                                  saved.expires_us != block.expires_us) {
        update_.execute(block.first_id, block.last_id, block.messages, block.open, block.last_us,
                        block.first_us, block.expires_us);
    } else if (saved.last_id != block.last_id || saved.messages != block.messages ||
               saved.open != block.open) {
        grow_.execute(block.first_id, block.last_id, block.messages, block.open, block.last_us);
    }
    entry.saved = block;
}

void BlockTable::roll_back() {
    used_.clear();
    growing_.reset();
}

}  // namespace p2pd
