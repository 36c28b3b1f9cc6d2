// daemon: where the frames of a write-ahead log are. Includes std. The format is that of
// sqlite.org/fileformat2.html, section 4.
#pragma once

#include <cstddef>
#include <cstdint>

namespace p2pd {

using PageNumber = std::uint32_t;   ///< from 1
using FrameNumber = std::uint32_t;  ///< from 0, in the order of the log

/// A frame is a header and a page. Offsets are in bytes from the beginning of the log.
struct LogFrames {
    static constexpr std::size_t log_header_bytes = 32;
    static constexpr std::size_t frame_header_bytes = 24;

    std::size_t page_bytes;

    std::size_t frame_bytes() const { return frame_header_bytes + page_bytes; }
    std::size_t at(FrameNumber frame) const { return log_header_bytes + frame * frame_bytes(); }
    /// The frame whose page is at `offset`.
    FrameNumber of_page_at(std::size_t offset) const {
        return static_cast<FrameNumber>((offset - log_header_bytes) / frame_bytes());
    }
};

}  // namespace p2pd
