// daemon: is the store of a stopped daemon as it was written? Includes std.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace p2pd {

struct CheckReport {
    std::vector<std::string> damage;  ///< empty: the store is sound
    std::vector<std::string> notes;   ///< what is as it should be, and what could not be looked at
};

/// Reads everything, writes nothing. Throws StoreFailure if there is no store in the folder, it is
/// in use, or it is of a newer p2pd.
CheckReport check_store(const std::filesystem::path& state_dir);

/// Throws StoreFailure if there is none.
void require_store(const std::filesystem::path& state_dir);

}  // namespace p2pd
