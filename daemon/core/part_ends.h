// core: where the parts of a text end. Includes std, core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "daemon/core/rare.h"

namespace p2pd {

/// In bytes from the beginning of the text, rising. Nearly every text has one part, which costs no
/// memory of its own.
class PartEnds {
public:
    PartEnds() = default;
    PartEnds(std::initializer_list<std::uint32_t> ends) {
        for (const std::uint32_t end : ends) push_back(end);
    }
    PartEnds(const std::vector<std::uint32_t>& ends) {
        for (const std::uint32_t end : ends) push_back(end);
    }

    void push_back(std::uint32_t end) {
        if (size_++ == 0) {
            first_ = end;
        } else {
            if (!more_) more_ = std::vector<std::uint32_t>{};
            more_->push_back(end);
        }
    }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::uint32_t operator[](std::size_t part) const {
        return part == 0 ? first_ : (*more_)[part - 1];
    }

    friend bool operator==(const PartEnds&, const PartEnds&) = default;

private:
    std::uint32_t size_ = 0;
    std::uint32_t first_ = 0;
    Rare<std::vector<std::uint32_t>> more_;
};

}  // namespace p2pd
