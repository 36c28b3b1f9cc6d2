// daemon: what is whole of a damaged store, copied into a new one. Includes std.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace p2pd {

struct SalvageReport {
    std::vector<std::string> copied;
    std::vector<std::string> missing;  ///< empty: nothing is
};

/// Reads the store of a stopped daemon page by page, so that whole rows are found around any
/// damage, and makes a store of them in `new_dir`, which must have none: the same ids, cursors,
/// states, dedup keys, peers and names. The old store is left as it is. Texts whose message is
/// lost are put into new_dir/texts-without-message.jsonl. Throws StoreFailure.
SalvageReport salvage_store(const std::filesystem::path& state_dir,
                            const std::filesystem::path& new_dir);

}  // namespace p2pd
