// daemon: the program p2pd. Includes all of daemon.
#include <clocale>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "common/heap.h"
#include "common/log_ids.h"
#include "common/terminal_text.h"
#include "daemon/daemon.h"
#include "daemon/options.h"
#include "daemon/store_check.h"
#include "daemon/store_salvage.h"

namespace p2pd {

namespace {

int fail(ExitCode code, const std::string& what) {
    const std::string line = "p2pd: " + terminal_text(what, LineBreaks::show) + "\n";
    std::fputs(line.c_str(), stderr);
    return static_cast<int>(code);
}

int serve(const DaemonOptions& options, const Config& config) {
    Log log(config.log_level);
    keep_freed_memory();
    constexpr LogFields failed{.message_id = log_id::failed};
    try {
        Daemon daemon(config, options.sources, log);
        daemon.run();
        return 0;
    } catch (const StoreFailure& error) {
        log.error(error.what(), failed);
    } catch (const ListenError& error) {
        log.error(error.what(), failed);
    } catch (const ControlSocketError& error) {
        log.error(error.what(), failed);
    }
    return static_cast<int>(ExitCode::io);
}

int print(const std::vector<std::string>& good, const std::vector<std::string>& bad,
          const std::string& verdict) {
    std::string text;
    for (const std::string& line : good) text += line + "\n";
    for (const std::string& line : bad) text += line + "\n";
    text += verdict + "\n";
    if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
        return static_cast<int>(ExitCode::io);
    }
    return static_cast<int>(bad.empty() ? ExitCode::done : ExitCode::bad_data);
}

int check(const std::string& state_dir) {
    const CheckReport report = check_store(state_dir);
    return print(report.notes, report.damage,
                 report.damage.empty() ? "the store is sound" : "the store is damaged");
}

int salvage(const std::string& state_dir, const std::string& new_dir) {
    const SalvageReport report = salvage_store(state_dir, new_dir);
    std::vector<std::string> missing;
    for (const std::string& line : report.missing) missing.push_back("missing: " + line);
    return print(report.copied, missing,
                 missing.empty() ? "everything was copied" : "all that is whole was copied");
}

int run(int argc, const char* const* argv) {
    try {
        const DaemonOptions options = parse_options(argc, argv);
        if (options.help) return std::fputs(usage_text().c_str(), stdout) < 0 ? 1 : 0;
        if (options.version) return std::puts("p2pd " P2PD_VERSION) < 0 ? 1 : 0;
        const Config config = load_config(options.sources);
        if (options.check_config) return 0;
        if (options.check_store) return check(config.state_dir);
        if (options.salvage_to) return salvage(config.state_dir, *options.salvage_to);
        return serve(options, config);
    } catch (const UsageError& error) {
        return fail(ExitCode::usage, std::string(error.what()) + "; see p2pd --help");
    } catch (const ConfigError& error) {
        return fail(ExitCode::configuration, error.what());
    } catch (const StoreFailure& error) {
        return fail(ExitCode::io, error.what());
    } catch (const std::exception& error) {
        return fail(ExitCode::internal, error.what());
    }
}

}  // namespace

}  // namespace p2pd

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // a client that goes away is an error of its write, no more
    std::signal(SIGXFSZ, SIG_IGN);  // a file at the limit of its size is one more full disk
    return p2pd::run(argc, argv);
}
