// ctl: the loop behind `send --lines`. Includes std, POSIX and common.
#include "ctl/line_sender.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "ctl/language.h"
#include "ctl/output_json.h"
#include "ctl/text_input.h"

namespace p2pd {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t text_bytes_held_max = 4U * 1024 * 1024;
constexpr std::size_t request_lines_max = 256;
/// With the last line, whose bytes may all be escapes of six, it fits 1 MiB.
constexpr std::size_t request_text_bytes_max = std::size_t{64} * 1024;
/// So long does a request wait: then what is sent is shown, if not yet as confirmed.
constexpr milliseconds first_wait_max{1000};
constexpr milliseconds reconnect_max{10'000};
constexpr int breaks_max = 10;

/// Bytes from the current position to the end, of a regular file.
std::optional<std::uint64_t> bytes_left(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    const off_t at = ::lseek(fd, 0, SEEK_CUR);
    if (at < 0 || at >= status.st_size) return std::nullopt;
    return static_cast<std::uint64_t>(status.st_size - at);
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

timespec timespec_of(milliseconds duration) {
    return {duration.count() / 1000, (duration.count() % 1000) * 1'000'000};
}

}  // namespace

LineSender::LineSender(Context& context, std::string peer, const DeliveryOptions& options)
    : context_(context),
      peer_(std::move(peer)),
      options_(options),
      reader_(STDIN_FILENO),
      progress_(!context.quiet() && !context.json()),
      input_bytes_(bytes_left(STDIN_FILENO)) {}

ExitCode LineSender::run() {
    try {
        while (!finished() && !interrupt_.interrupted()) step();
    } catch (const ControlError& error) {
        stop(error);
    } catch (const OutputClosed&) {
        // Nobody reads the results, but not all was sent: that is no success.
        return ExitCode::io;
    }
    finish();
    return interrupt_.interrupted() ? ExitCode::interrupted : exit_;
}

void LineSender::step() {
    try {
        post_again();
        take_lines();
        context_.client().transfer();
        bool answered = false;
        for (; auto incoming = context_.client().take(); answered = true) handle(*incoming);
        show();
        if (!answered && !finished()) wait_for_events();
    } catch (const ConnectionLost&) {
        // One that breaks again and again without any answer will not get better.
        if (++breaks_ > breaks_max) throw;
        reconnect();
    }
}

bool LineSender::finished() const {
    const bool no_more_lines = stopped_ || reader_.exhausted();
    return no_more_lines && unanswered_.empty() && (again_.empty() || stopped_) &&
           unconfirmed_ == 0;
}

bool LineSender::may_take() const {
    return !stopped_ && again_.empty() && unanswered_lines_ + unconfirmed_ < under_way_max &&
           text_bytes_ < text_bytes_held_max;
}

void LineSender::take_lines() {
    for (auto lines = next_lines(); !lines.empty(); lines = next_lines()) {
        post_lines(std::move(lines));
    }
}

/// As many as have come in and fit a request.
std::vector<LineSender::Line> LineSender::next_lines() {
    std::vector<Line> lines;
    std::size_t bytes = 0;
    while (may_take() && lines.size() < request_lines_max && bytes < request_text_bytes_max) {
        auto line = reader_.take();
        if (!line) break;
        if (is_blank(line->text) && line->bytes == line->text.size()) continue;
        try {
            check_text(line->text, line->bytes);
        } catch (const ControlError& error) {
            reject(line->number, error);
            continue;
        }
        bytes += line->text.size();
        text_bytes_ += line->text.size();
        lines.push_back({line->number, std::move(line->text)});
    }
    return lines;
}

void LineSender::post_lines(std::vector<Line> lines) {
    post_request({std::move(lines), new_request_id()});
}

void LineSender::post_request(Request request) {
    SendManyParams params;
    params.peer = peer_;
    params.request_id = request.request_id;
    params.expires_s = options_.expires_s;
    for (const Line& line : request.lines) params.texts.push_back(line.text);
    if (options_.wait) {
        const milliseconds wait = std::min(options_.timeout, first_wait_max);
        params.timeout_ms = static_cast<std::uint32_t>(wait.count());
    }
    const std::uint64_t id = context_.client().post("send_many", params);
    request.posted_at = steady_clock::now();
    unanswered_lines_ += request.lines.size();
    unanswered_.emplace(id, std::move(request));
}

void LineSender::post_again() {
    if (again_at_ && steady_clock::now() >= *again_at_) again_at_.reset();
    if (again_at_ || stopped_) return;
    // A few at first: a queue that was full has little room.
    while (!again_.empty() && unanswered_lines_ < again_window_) {
        std::vector<Line> lines;
        std::size_t bytes = 0;
        while (!again_.empty() && unanswered_lines_ + lines.size() < again_window_ &&
               lines.size() < request_lines_max && bytes < request_text_bytes_max) {
            bytes += again_.begin()->second.text.size();
            lines.push_back(std::move(again_.begin()->second));
            again_.erase(again_.begin());
        }
        post_lines(std::move(lines));
    }
}

/// In groups whose answers fit a line, even if every byte of a text becomes an escape of six.
void LineSender::post_gets(std::vector<Accepted> messages) {
    Group group{true, {}, {}};
    std::size_t bytes = 0;
    for (Accepted& message : messages) {
        bytes += message.text_bytes;
        if (bytes > get_text_bytes_max && !group.messages.empty()) {
            post_group(std::exchange(group, {true, {}, {}}));
            bytes = message.text_bytes;
        }
        group.messages.push_back(std::move(message));
    }
    if (!group.messages.empty()) post_group(std::move(group));
}

void LineSender::post_group(Group group) {
    WaitParams params;
    for (const Accepted& message : group.messages) params.ids.push_back(message.record.id);
    const SteadyTime now = steady_clock::now();
    if (group.since + options_.timeout <= now) group.since = now;
    const auto left = std::chrono::ceil<milliseconds>(group.since + options_.timeout - now);
    params.timeout_ms = static_cast<std::uint32_t>(left.count());
    const std::uint64_t id = group.get
                                 ? context_.client().post("get", IdsParams{std::move(params.ids)})
                                 : context_.client().post("wait", params);
    groups_.emplace(id, std::move(group));
}

void LineSender::wait_for_events() {
    const bool to_write = context_.client().bytes_to_write() > 0;
    const bool to_read = may_take() && !reader_.ended();
    std::array<pollfd, 2> entries{
        pollfd{context_.client().fd(), static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN), 0},
        pollfd{to_read ? STDIN_FILENO : -1, POLLIN, 0}};
    timespec timeout{};
    if (again_at_) timeout = timespec_of(milliseconds(poll_timeout(again_at_)));
    const int ready = ::ppoll(entries.data(), entries.size(), again_at_ ? &timeout : nullptr,
                              interrupt_.wait_mask());
    if (ready > 0 && entries[1].revents != 0) reader_.read_some();
}

void LineSender::reconnect() {
    const SteadyTime give_up_at = steady_clock::now() + reconnect_max;
    for (milliseconds delay = back_off_min;; delay = std::min(delay * 2, back_off_max)) {
        try {
            context_.reconnect();
            break;
        } catch (const ControlError& error) {
            if (!error.is(error_not_running) || steady_clock::now() > give_up_at) throw;
        }
        pause(delay);
        if (interrupt_.interrupted()) return;
    }
    // The same request ids as before: what the daemon has already is not sent twice.
    unanswered_lines_ = 0;
    for (auto& [id, request] : std::exchange(unanswered_, {})) post_request(std::move(request));
    for (auto& [id, group] : std::exchange(groups_, {})) post_group(std::move(group));
}

void LineSender::pause(milliseconds duration) {
    const timespec timeout = timespec_of(duration);
    ::ppoll(nullptr, 0, &timeout, interrupt_.wait_mask());
}

void LineSender::show() {
    if (!context_.out().empty()) {
        if (progress_.visible() && context_.style().columns) progress_.clear();
        context_.out().flush();
    }
    std::optional<double> done;
    if (input_bytes_) {
        done = static_cast<double>(reader_.bytes_read()) / static_cast<double>(*input_bytes_);
    }
    progress_.show(summary(), done);
}

void LineSender::finish() {
    progress_.clear();
    context_.out().flush();
    not_confirmed_ += unconfirmed_;
    not_sent_ += again_.size();
    // The daemon may have taken them or not; their request ids are lost with us.
    unanswered_at_end_ = unanswered_lines_;
    if (stopped_) print_error(*stopped_, context_.json());
    if (!context_.json()) return context_.remark(summary());
    write_all(STDERR_FILENO, json_line("summary", Json{{"sent", sent_},
                                                       {"delivered", delivered_},
                                                       {"not_confirmed", not_confirmed_},
                                                       {"failed", failed_},
                                                       {"not_answered", unanswered_at_end_},
                                                       {"not_sent", not_sent_}}));
}

std::string LineSender::summary() const {
    std::string text =
        options_.wait ? tr("{1} sent, {2} delivered", sent_, delivered_) : tr("{1} queued", sent_);
    const auto add = [&](std::uint64_t count, std::string_view what) {
        if (count > 0) text += ", " + tr(what, count);
    };
    add(not_confirmed_, marked("{1} not confirmed yet"));
    add(failed_, marked("{1} refused or expired"));
    add(unanswered_at_end_, marked("{1} not answered"));
    add(not_sent_, marked("{1} not sent"));
    if (stopped_ && !reader_.exhausted()) text += ", " + tr("the rest not read");
    return text;
}

}  // namespace p2pd
