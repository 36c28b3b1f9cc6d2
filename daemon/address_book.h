// daemon: names for peers, as the store has them. Includes std, core, store.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/store.h"

namespace p2pd {

/// One name a peer, one peer a name. The store is the owner; this is its copy in memory.
class AddressBook {
public:
    explicit AddressBook(const std::vector<BookEntry>& entries) {
        for (const BookEntry& entry : entries) set(entry.endpoint, entry.name);
    }

    std::optional<Endpoint> find(std::string_view name) const {
        const auto found = by_name_.find(name);
        if (found == by_name_.end()) return std::nullopt;
        return found->second;
    }
    std::optional<std::string> name_of(const Endpoint& endpoint) const {
        const auto found = by_endpoint_.find(endpoint);
        if (found == by_endpoint_.end()) return std::nullopt;
        return found->second;
    }
    void set(const Endpoint& endpoint, const std::string& name) {
        remove(endpoint);
        by_endpoint_[endpoint] = name;
        by_name_[name] = endpoint;
    }
    void remove(const Endpoint& endpoint) {
        const auto found = by_endpoint_.find(endpoint);
        if (found == by_endpoint_.end()) return;
        by_name_.erase(found->second);
        by_endpoint_.erase(found);
    }
    /// At most `limit` that come after this name, in their order.
    std::vector<BookEntry> entries_after(std::string_view name, std::size_t limit) const {
        std::vector<BookEntry> entries;
        for (auto each = by_name_.upper_bound(name);
             each != by_name_.end() && entries.size() < limit; ++each) {
            entries.push_back({each->first, each->second});
        }
        return entries;
    }
    std::vector<std::string_view> names() const {
        std::vector<std::string_view> names;
        for (const auto& [name, endpoint] : by_name_) names.push_back(name);
        return names;
    }

private:
    std::map<std::string, Endpoint, std::less<>> by_name_;
    std::map<Endpoint, std::string> by_endpoint_;
};

}  // namespace p2pd
