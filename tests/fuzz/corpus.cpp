// tests/fuzz: the inputs that are kept, as text.
#include "tests/fuzz/corpus.h"

#include <charconv>
#include <fstream>
#include <stdexcept>

namespace p2pd {

std::string unescape(std::string_view line) {
    constexpr std::size_t escape_size = 4;
    std::string bytes;
    while (!line.empty()) {
        if (line.front() != '\\') {
            bytes += line.front();
            line.remove_prefix(1);
            continue;
        }
        unsigned value = 0;
        const char* const end = line.data() + std::min(escape_size, line.size());
        if (!line.starts_with("\\x") || line.size() < escape_size ||
            std::from_chars(line.data() + 2, end, value, 16).ptr != end) {
            throw std::runtime_error("not an escape: " + std::string(line.substr(0, escape_size)));
        }
        bytes += static_cast<char>(value);
        line.remove_prefix(escape_size);
    }
    return bytes;
}

std::vector<std::string> read_corpus(const std::string& path) {
    std::ifstream file{path};
    if (!file) throw std::runtime_error("cannot read " + path);
    std::vector<std::string> inputs;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty() && line.front() != '#') inputs.push_back(unescape(line));
    }
    return inputs;
}

}  // namespace p2pd
