// daemon: records of an export taken into the store. Includes std, common, the other rooms of the
// store.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "common/control_protocol.h"
#include "common/transfer_records.h"
#include "daemon/store_state.h"

namespace p2pd {

/// Empty, or why the record cannot be one of a store: addresses, timestamps, texts, parts, states.
std::string reason_against(const TransferRecord& record);

/// What is there already, and what is newer, stays as it is; doing it twice changes nothing.
class Importer {
public:
    explicit Importer(StoreState& state) : state_(state) {}

    /// In one transaction. Empty: the disk is full. There must be no reason_against() a record.
    std::optional<ImportResult> import_records(std::span<const TransferRecord> records,
                                               bool pending);

private:
    struct Statements;
    bool add(const ExportedStore& record);
    bool add(const ExportedPeer& record);
    bool add(const ExportedGroup& record);
    bool add(const ExportedReceived& record);
    bool add(const ExportedSent& record);
    bool add(const ExportedPart& record);
    bool add(const ExportedIdentity& record);
    /// The id for a new message: its own, if no message ever had it or a higher one.
    RowId take_id(std::uint64_t id);
    std::int64_t late_us(std::int64_t time_us);

    StoreState& state_;
    Statements* statements_ = nullptr;  ///< during import_records()
    bool pending_ = false;
    std::uint64_t cancelled_ = 0;
};

}  // namespace p2pd
