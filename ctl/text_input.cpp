// ctl: the text of a message, from the words, a file or standard input, checked. Includes std,
// POSIX and common.
#include "ctl/text_input.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "common/control_protocol.h"
#include "ctl/file_descriptor.h"
#include "ctl/language.h"

namespace p2pd {

namespace {

struct ReadText {
    std::string text;  ///< no more than is needed to see that it is too long
    std::size_t bytes = 0;
};

ReadText read_text(int fd, const std::string& name) {
    std::array<char, 16384> buffer{};
    ReadText result;
    char last = '\0';
    for (;;) {
        const ssize_t size = ::read(fd, buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) throw ControlError(error_io, name + ": " + std::strerror(errno));
        if (size == 0) break;
        const auto count = static_cast<std::size_t>(size);
        result.bytes += count;
        last = buffer[count - 1];
        if (result.text.size() <= text_bytes_max) result.text.append(buffer.data(), count);
    }
    if (last == '\n') {
        if (result.text.size() == result.bytes) result.text.pop_back();
        --result.bytes;
    }
    return result;
}

std::string checked(const ReadText& read) {
    check_text(read.text, read.bytes);
    return read.text;
}

std::string text_of_file(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) throw ControlError(error_io, path + ": " + std::strerror(errno));
    return checked(read_text(file.get(), path));
}

/// Bytes of the sequence that begins with `lead`, or 0 if none does.
std::size_t sequence_size(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return 2;
    if (lead >= 0xe0 && lead <= 0xef) return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/// Whether `second` may follow `lead`: no overlong forms, no surrogates, nothing above U+10FFFF.
bool second_fits(unsigned char lead, unsigned char second) {
    const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high;
}

}  // namespace

std::string message_text(const Arguments& arguments, std::size_t first) {
    const auto& words = arguments.words;
    const bool dash = words.size() == first + 1 && words[first] == "-";
    if (const auto file = arguments.text("file")) {
        if (words.size() > first) {
            throw ControlError(error_usage, tr("give the text or --file, not both"));
        }
        return *file == "-" ? checked(read_text(STDIN_FILENO, tr("standard input")))
                            : text_of_file(*file);
    }
    if (words.size() > first && !dash) {
        std::string text = words[first];
        for (std::size_t i = first + 1; i < words.size(); ++i) text.append(" ").append(words[i]);
        check_text(text, text.size());
        return text;
    }
    if (!dash && ::isatty(STDIN_FILENO)) {
        throw ControlError(
            error_usage, tr("no text to send"),
            tr("put it behind, or give -f FILE, or - to type it and end with Ctrl-D"));
    }
    return checked(read_text(STDIN_FILENO, tr("standard input")));
}

void check_text(std::string_view text, std::size_t bytes) {
    if (bytes > text_bytes_max) {
        throw ControlError(error_text_too_long,
                           tr_count("the text is {1} bytes too long: {2}, at most {3}",
                                    "the text is {1} bytes too long: {2}, at most {3}",
                                    bytes - text_bytes_max, bytes, text_bytes_max),
                           tr("send it in parts"));
    }
    if (text.empty()) throw ControlError(error_bad_text, tr("the text is empty"));
    if (const auto offset = invalid_utf8_at(text)) {
        throw ControlError(error_bad_text, tr("the text is not UTF-8 at byte offset {1}", *offset),
                           tr("iconv -t UTF-8 converts, base64 carries any bytes"));
    }
}

std::optional<std::size_t> invalid_utf8_at(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = sequence_size(byte(at));
        if (size == 0 || size > text.size() - at) return at;
        if (size > 1 && !second_fits(byte(at), byte(at + 1))) return at;
        for (std::size_t i = 2; i < size; ++i) {
            if ((byte(at + i) & 0xc0) != 0x80) return at;
        }
        at += size;
    }
    return std::nullopt;
}

}  // namespace p2pd
