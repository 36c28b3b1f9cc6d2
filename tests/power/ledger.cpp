// tests/power: what came of many universes, in figures. Includes std.
#include "tests/power/ledger.h"

namespace p2pd::test {

Ledger& Ledger::operator+=(const Ledger& other) {
    universes += other.universes;
    confirmed += other.confirmed;
    restarts += other.restarts;
    store_failures += other.store_failures;
    fulls += other.fulls;
    lost += other.lost;
    broken += other.broken;
    for (std::size_t i = 0; i < disk_operations; ++i) {
        disk.operations.at(i) += other.disk.operations.at(i);
        disk.failed.at(i) += other.disk.failed.at(i);
    }
    disk.no_room += other.disk.no_room;
    disk.power_cuts += other.disk.power_cuts;
    return *this;
}

std::string Ledger::line() const {
    std::string text = std::to_string(universes) + " universes, " +
                       std::to_string(disk.power_cuts) + " power cuts, " +
                       std::to_string(restarts) + " starts; failed:";
    for (std::size_t i = 0; i < disk_operations; ++i) {
        text += " " + std::to_string(disk.failed.at(i)) + " " +
                name_of(static_cast<DiskOperation>(i)) + ",";
    }
    return text + " " + std::to_string(disk.no_room) + " for room; " +
           std::to_string(store_failures) + " ends by a failure, " + std::to_string(fulls) +
           " answers \"full\"; " + std::to_string(confirmed) + " messages confirmed, " +
           std::to_string(lost) + " lost in " + std::to_string(broken) + " broken universes";
}

}  // namespace p2pd::test
