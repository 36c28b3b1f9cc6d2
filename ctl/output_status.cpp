// ctl: the daemon's state and settings as text for people. Includes std and common.
#include "ctl/output_status.h"

#include <algorithm>
#include <array>

#include "common/terminal_text.h"
#include "ctl/language.h"

namespace p2pd {

namespace {

std::string joined(const std::vector<std::string>& parts, std::string_view otherwise) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + one_line(part);
    return text.empty() ? std::string(otherwise) : text;
}

/// Those that are not zero: `not_json 3, too_long 1`.
std::string counts_text(const std::vector<NamedCount>& counts) {
    std::string text;
    for (const NamedCount& each : counts) {
        if (each.count == 0) continue;
        text += (text.empty() ? "" : ", ") + one_line(each.name) + " " + std::to_string(each.count);
    }
    return text.empty() ? tr("none") : text;
}

/// `peers 3 of 16384, clients 1 of 64`
std::string limits_text(const std::vector<LimitUse>& limits) {
    std::string text;
    for (const LimitUse& limit : limits) {
        text += (text.empty() ? "" : ", ") + one_line(limit.name) + " " +
                tr("{1} of {2}", limit.used, limit.max);
    }
    return text;
}

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
    static constexpr std::array<std::string_view, 5> units = {marked("bytes"), "KiB", "MiB", "GiB",
                                                              "TiB"};
    std::size_t unit = 0;
    std::uint64_t tenths = bytes * 10;
    for (; tenths >= 10 * 1024 && unit + 1 < units.size(); ++unit) tenths /= 1024;
    std::string text = std::to_string(tenths / 10);
    if (unit > 0) text += "." + std::to_string(tenths % 10);
    return text + " " + tr(units[unit]);
}

std::string status_text(const StatusResult& status, const std::optional<UnitState>& unit,
                        const Style& style) {
    const std::chrono::microseconds up{
        std::max<std::int64_t>(style.time.now.us - status.started_at.us, 0)};
    TimeStyle absolute = style.time;
    absolute.relative = false;
    std::string text =
        detail_line("p2pd", tr("{1}, process {2}", one_line(status.version), status.pid));
    text += detail_line("since",
                        time_text(status.started_at, absolute) + " (" + duration_text(up) + ")");
    if (unit) {
        text += detail_line("service", tr_count("{2}, {3} since {4}, {1} restart",
                                                "{2}, {3} since {4}, {1} restarts", unit->restarts,
                                                one_line(unit->unit), one_line(unit->state),
                                                time_text(unit->since, absolute)));
    }
    text += detail_line("listening", joined(status.listening, tr("nowhere")));
    text += detail_line("messages",
                        tr("{1} kept, {2} unread, {3} not confirmed yet; the newest is {4}",
                           status.messages, status.unread, status.queued, status.newest_id));
    text += detail_line("peers", std::to_string(status.peers));
    text += detail_line("state",
                        one_line(status.state_dir) + " (" + bytes_text(status.store_bytes) + ")");
    if (status.disk_free_bytes && !status.disk_full) {
        text += detail_line("disk", tr("{1} free", bytes_text(*status.disk_free_bytes)));
    }
    if (status.disk_full) {
        text +=
            detail_line("disk", paint(tr("FULL: nothing is taken or confirmed until there is room"),
                                      Colour::red, style));
    }
    text += detail_line("socket", tr_count("{2} ({1} client)", "{2} ({1} clients)", status.clients,
                                           one_line(status.socket)));
    text += detail_line("counters", counts_text(status.counters));
    text += detail_line("dropped", counts_text(status.dropped));
    if (!status.limits.empty()) text += detail_line("limits", limits_text(status.limits));
    return text;
}

std::string config_text(const ConfigResult& config) {
    std::size_t width = 0;
    std::vector<std::string> settings;
    for (const ConfigEntry& entry : config.entries) {
        settings.push_back(one_line(entry.key) + " = " + one_line(entry.value));
        width = std::max(width, display_width(settings.back()));
    }
    std::string text;
    for (std::size_t i = 0; i < settings.size(); ++i) {
        text += padded(settings[i], width) + "  # " + one_line(config.entries[i].source) + "\n";
    }
    return text;
}

std::string reload_text(const ReloadResult& result) {
    std::string text = detail_line("changed", joined(result.changed, tr("nothing")));
    if (!result.needs_restart.empty()) {
        text += detail_line("restart for", joined(result.needs_restart, ""));
    }
    return text;
}

}  // namespace p2pd
