// tests/fuzz: configuration files.
#include "common/config.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/targets.h"

namespace p2pd {

namespace {

/// A file without a name.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view content) : descriptor_(memfd_create("config", 0)) {
        require(write(descriptor_, content.data(), content.size()) ==
                    static_cast<ssize_t>(content.size()),
                "there is memory for a file");
    }
    ~MemoryFile() { close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
};

Config load(std::string_view content) {
    const MemoryFile file{content};
    return load_config({.file = file.path(), .command_line = {}, .environment = {}});
}

bool is_printable(std::string_view line) {
    for (const char c : line) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) return false;
    }
    return true;
}

/// All that a configuration says, as a file that says it.
std::string as_file(const Config& config) {
    std::string text;
    for (const ConfigEntry& entry : config.entries()) text += entry.key + "=" + entry.value + "\n";
    return text;
}

}  // namespace

void fuzz_config(std::string_view bytes) {
    Config config;
    try {
        config = load(bytes);
    } catch (const ConfigError& refused) {
        require(is_printable(refused.what()), "a refusal is safe to print");
        return;
    }
    try {
        const Config again = load(as_file(config));
        require(compare(config, again).changed.empty(), "what is loaded can be written");
    } catch (const ConfigError& refused) {
        require(false, refused.what());
    }
}

}  // namespace p2pd
