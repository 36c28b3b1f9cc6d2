// core: a map for keys that nearly always rise. Includes std only.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace p2pd {

/// What std::map does, but in one array, for keys that come in rising order and go in about the
/// same. What goes leaves a gap, and at most about three quarters of the array are gaps. A key that
/// comes late, below one that is in the array, waits in a std::map beside it, so that no order of
/// keys makes this slow.
///
/// A pointer to a value is good until the next insert() or erase().
template <class Key, class Value>
class RisingMap {
public:
    struct Item {
        const Key& key;
        const Value& value;
    };

    bool empty() const { return size() == 0; }
    std::size_t size() const { return held_ + late_.size(); }

    /// Changes nothing and returns false if the key is there.
    bool insert(const Key& key, Value value = {}) {
        if (slots_.empty() || slots_.back().key < key) {
            if (!late_.empty() && late_.contains(key)) return false;
            if (slots_.empty()) slots_.reserve(slots_min);
            slots_.push_back({key, true, std::move(value)});
            ++held_;
            return true;
        }
        return held_at(key) == nullptr && late_.emplace(key, std::move(value)).second;
    }

    const Value* find(const Key& key) const {
        if (const Slot* const slot = held_at(key)) return &slot->value;
        if (late_.empty()) return nullptr;
        const auto late = late_.find(key);
        return late == late_.end() ? nullptr : &late->second;
    }
    /// There is such a key.
    const Value& at(const Key& key) const {
        const Value* const value = find(key);
        assert(value != nullptr);
        return *value;
    }
    Value& at(const Key& key) { return const_cast<Value&>(std::as_const(*this).at(key)); }
    Value* find(const Key& key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

    /// False if there is no such key.
    bool erase(const Key& key) {
        const Slot* const found = held_at(key);
        if (found == nullptr) return !late_.empty() && late_.erase(key) > 0;
        Slot& slot = slots_[static_cast<std::size_t>(found - slots_.data())];
        slot.held = false;
        slot.value = {};
        --held_;
        close_gaps();
        return true;
    }

    /// The one with the lowest key; there must be one.
    Item first() const {
        assert(!empty());
        const bool is_late =
            held_ == 0 || (!late_.empty() && late_.begin()->first < slots_[begin_].key);
        return is_late ? item(*late_.begin()) : item(slots_[begin_]);
    }
    /// The one with the highest key; there must be one.
    Item last() const {
        assert(!empty());
        const bool is_late =
            held_ == 0 || (!late_.empty() && slots_.back().key < late_.rbegin()->first);
        return is_late ? item(*late_.rbegin()) : item(slots_.back());
    }

    /// The lowest key in [from, end).
    std::optional<Key> first_in(const Key& from, const Key& end) const {
        std::optional<Key> found;
        std::size_t at = position(from);
        while (at < slots_.size() && slots_[at].key < end && !slots_[at].held) ++at;
        if (at < slots_.size() && slots_[at].key < end) found = slots_[at].key;
        if (late_.empty()) return found;
        const auto late = late_.lower_bound(from);
        if (late == late_.end() || !(late->first < end)) return found;
        return found ? std::min(*found, late->first) : late->first;
    }

private:
    struct Slot {
        Key key;
        bool held;
        Value value;
    };
    static constexpr std::size_t slots_min = 8;

    static Item item(const Slot& slot) { return {slot.key, slot.value}; }
    static Item item(const std::pair<const Key, Value>& late) { return {late.first, late.second}; }

    /// Where in the array `key` is, or would be. Keys are mostly asked for one after the other, so
    /// this looks first where the last search ended.
    std::size_t position(const Key& key) const {
        const auto is_at = [&](std::size_t at) {
            return at < slots_.size() && !(slots_[at].key < key) &&
                   (at == begin_ || slots_[at - 1].key < key);
        };
        near_ = std::max(near_, begin_);
        if (is_at(near_)) return near_;
        if (is_at(near_ + 1)) return ++near_;
        const auto begin = slots_.begin() + static_cast<std::ptrdiff_t>(begin_);
        const auto found = std::lower_bound(begin, slots_.end(), key,
                                            [](const Slot& a, const Key& b) { return a.key < b; });
        return near_ = static_cast<std::size_t>(found - slots_.begin());
    }

    const Slot* held_at(const Key& key) const {
        const std::size_t at = position(key);
        if (at == slots_.size() || !slots_[at].held || key < slots_[at].key) return nullptr;
        return &slots_[at];
    }

    /// The array begins and ends with a key that is there, and is not much longer than it need be.
    void close_gaps() {
        if (held_ == 0) {
            slots_ = {};
            begin_ = 0;
            return;
        }
        while (!slots_[begin_].held) ++begin_;
        while (!slots_.back().held) slots_.pop_back();
        if (slots_.size() <= 4 * held_ + 2 * slots_min) return;
        std::vector<Slot> held;
        held.reserve(2 * held_ + slots_min + 1);
        for (std::size_t at = begin_; at < slots_.size(); ++at) {
            if (slots_[at].held) held.push_back(std::move(slots_[at]));
        }
        slots_ = std::move(held);
        begin_ = 0;
    }

    std::vector<Slot> slots_;       ///< by key; what is not held is a gap
    std::size_t begin_ = 0;         ///< only gaps stand before
    std::size_t held_ = 0;          ///< slots that are no gaps
    mutable std::size_t near_ = 0;  ///< where the last search ended
    std::map<Key, Value> late_;
};

/// The same for keys alone.
struct NoValue {};
template <class Key>
using RisingSet = RisingMap<Key, NoValue>;

}  // namespace p2pd
