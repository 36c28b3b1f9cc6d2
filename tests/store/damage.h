// tests/store: a store of every kind of message, and damage to its files.
#pragma once

#include <map>
#include <random>
#include <set>
#include <string>

#include "tests/store/store_fixture.h"

namespace p2pd::test {

/// Every row of every table but the index, as text; throws what reading them throws.
std::string everything_in(Store& store);

/// What is known as received, a row or packed, as text.
std::set<std::string> identities_in(Store& store);

/// The files of a folder by name, but for the ballast.
using Files = std::map<std::string, std::string>;
Files read_files(const std::filesystem::path& folder);
/// Makes `folder` hold these and an (empty) ballast, and nothing else.
void write_files(const std::filesystem::path& folder, const Files& files);

/// One piece of damage at a place by chance, a bit, a byte, a cut, or a range of zeros; what it
/// was, for the message of a failure. Never what was there before.
std::string damage(Files& files, std::mt19937& random);

/// A store with some hundreds of messages of all kinds, of which some pages are free again.
class DamageTest : public StoreTest {
protected:
    /// `rounds` of messages in and out, long texts whole and in part, replies, names, deletions.
    void fill(int rounds);
    /// As it is on the disk at this moment, the log included.
    Files killed();
    /// As an orderly end leaves it; the store is closed then.
    Files closed();
    /// Opens `files` in a folder of their own.
    std::unique_ptr<Store> open_files(const Files& files);
    const std::filesystem::path& trial() const { return trial_.path(); }

private:
    TemporaryFolder trial_;
    std::int64_t us_ = 0;
};

}  // namespace p2pd::test
