// ctl: the commands that copy the store: export, import, backup. Includes std and common.
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/language.h"
#include "ctl/results.h"

namespace p2pd {

namespace {

constexpr std::size_t request_bytes_max = std::size_t{256} * 1024;

/// Lines go out together, up to a bound.
class Import {
public:
    explicit Import(Context& context) : context_(context) {
        const auto status = parse_result<StatusResult>(context.call("status", Json::object()));
        // Elsewhere the host that they were exported from may be sending them still.
        params_.pending = status.newest_id == 0;
    }

    void add(const std::string& line, std::uint64_t number) {
        Json record = Json::parse(line, nullptr, false);
        if (!record.is_object()) {
            throw ControlError(error_parse, tr("line {1} is no record", number),
                               tr("it must be as p2pctl export gives it"));
        }
        if (params_.records.size() == page_messages_max ||
            bytes_ + line.size() > request_bytes_max) {
            flush();
        }
        bytes_ += line.size();
        params_.records.push_back(std::move(record));
    }

    void flush() {
        if (params_.records.empty()) return;
        const Json answer = context_.client().call("import", write_fields(params_), std::nullopt);
        const auto done = parse_result<ImportResult>(answer);
        total_.added += done.added;
        total_.known += done.known;
        total_.cancelled += done.cancelled;
        params_.records.clear();
        bytes_ = 0;
    }

    const ImportResult& total() const { return total_; }

private:
    Context& context_;
    ImportParams params_;
    std::size_t bytes_ = 0;
    ImportResult total_;
};

void import_lines(Import& import, std::istream& input, const std::string& name) {
    std::string line;
    for (std::uint64_t number = 1; std::getline(input, line); ++number) {
        if (!line.empty()) import.add(line, number);
    }
    if (input.bad()) throw ControlError(error_io, tr("cannot read {1}", name));
    import.flush();
}

}  // namespace

ExitCode run_export(Context& context) {
    ExportParams params;
    for (bool more = true; more;) {
        const Json answer = context.client().call("export", write_fields(params), std::nullopt);
        const auto page = parse_result<ExportResult>(answer);
        for (const Json& record : page.records) {
            context.print(record.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
        }
        more = page.next.has_value();
        if (more) params.after = *page.next;
    }
    return ExitCode::done;
}

ExitCode run_import(Context& context) {
    const auto& words = context.arguments().words;
    Import import(context);
    if (words.empty() || words.front() == "-") {
        import_lines(import, std::cin, tr("standard input"));
    } else {
        std::ifstream file(words.front());
        if (!file) throw ControlError(error_io, tr("cannot open {1}", words.front()));
        import_lines(import, file, words.front());
    }
    if (context.json()) {
        context.print_json("import", write_fields(import.total()));
    } else if (!context.quiet()) {
        std::string text = tr_count("{1} record added, {2} were there already",
                                    "{1} records added, {2} were there already",
                                    import.total().added, import.total().known);
        if (import.total().cancelled > 0) {
            text += ", " + tr_count("{1} waiting message cancelled",
                                    "{1} waiting messages cancelled", import.total().cancelled);
        }
        context.print(text + "\n");
    }
    return ExitCode::done;
}

ExitCode run_backup(Context& context) {
    const Json result = context.client().call("backup", Json::object(), std::nullopt);
    if (context.json()) {
        context.print_json("backup", result);
    } else if (!context.quiet()) {
        context.print(one_line(parse_result<BackupResult>(result).path) + "\n");
    }
    return ExitCode::done;
}

}  // namespace p2pd
