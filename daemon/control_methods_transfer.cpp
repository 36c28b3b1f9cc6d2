// daemon: methods that copy the store: export, import, backup. Includes all of daemon.
#include "daemon/control_continuation.h"
#include "daemon/control_methods.h"
#include "daemon/daemon.h"
#include "daemon/store_import.h"

namespace p2pd {

namespace {

std::vector<TransferRecord> parse_records(const std::vector<Json>& lines) {
    if (lines.empty() || lines.size() > page_messages_max) {
        throw ControlFailure{error_params, "\"records\": must be 1 to 500 records"};
    }
    std::vector<TransferRecord> records;
    for (const Json& line : lines) {
        const std::string where = "record " + std::to_string(records.size() + 1) + ": ";
        try {
            records.push_back(parse_transfer_json(line));
        } catch (const FieldError& error) {
            throw ControlFailure{error_params, where + error.what()};
        }
        const std::string reason = reason_against(records.back());
        if (!reason.empty()) throw ControlFailure{error_params, where + reason + " cannot be so"};
    }
    return records;
}

}  // namespace

void ControlMethods::export_page(const Caller& /*caller*/, const ExportParams& params,
                                 const Responder& responder) {
    if (params.limit < 1 || params.limit > page_messages_max) {
        throw ControlFailure{error_params, "\"limit\": must be 1 to 500"};
    }
    daemon_.query([params](Store& store) { return store.export_page(params.after, params.limit); },
                  [responder](const ExportResult& page) mutable { responder.result(page); });
}

void ControlMethods::import_records(const Caller& /*caller*/, const ImportParams& params,
                                    const Responder& responder) {
    using Done = std::pair<std::optional<ImportResult>, std::vector<BookEntry>>;
    daemon_.query(
        [records = parse_records(params.records), pending = params.pending](Store& store) {
            auto result = store.import_records(records, pending);
            return Done{result, store.book()};
        },
        answering(responder, [this, responder](const Done& done) mutable {
            if (!done.first) throw ControlFailure{error_disk_full, "the disk is full"};
            for (const BookEntry& entry : done.second) {
                daemon_.book().set(entry.endpoint, entry.name);
            }
            responder.result(*done.first);
        }));
}

void ControlMethods::backup(const Caller& /*caller*/, const NoParams& /*params*/,
                            const Responder& responder) {
    continue_backup(responder);
}

/// Piece by piece, so that messages come in between.
void ControlMethods::continue_backup(const Responder& responder) {
    daemon_.query([now = daemon_.now().wall](Store& store) { return store.backup(now); },
                  answering(responder, [this, responder](const BackupStep& step) mutable {
                      if (!step.error.empty()) throw ControlFailure{error_disk_full, step.error};
                      if (!step.done) return continue_backup(responder);
                      responder.result(BackupResult{step.path, step.bytes});
                  }));
}

}  // namespace p2pd
