// ctl: the commands about the daemon itself. Includes std and common.
#include <algorithm>

#include "common/config.h"
#include "common/log_level.h"
#include "common/nearest_name.h"
#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/english_texts.h"
#include "ctl/language.h"
#include "ctl/output_metrics.h"
#include "ctl/output_status.h"
#include "ctl/results.h"
#include "ctl/service_manager.h"

namespace p2pd {

namespace {

void check_level(const std::string& level) {
    if (enum_value<LogLevel>(level)) return;
    std::vector<std::string_view> names;
    for (const auto& [value, name] : enum_names(LogLevel{})) names.push_back(name);
    const auto nearest = nearest_name(level, names);
    throw ControlError(error_usage, tr("\"{1}\" is no level: debug, info, warning or error", level),
                       nearest ? tr("did you mean {1}?", *nearest) : std::string());
}

/// The arguments of `rpc` as JSON; throws ControlError (exit 64).
Json parse_params(const std::string& text) {
    Json params = Json::parse(text, nullptr, false);
    if (params.is_discarded()) {
        throw ControlError(error_usage, tr("the parameters are no JSON: {1}", text),
                           tr("quote them for the shell: {1}", "p2pctl rpc list '{\"limit\":5}'"));
    }
    return params;
}

}  // namespace

ExitCode run_status(Context& context) {
    Json result = context.call("status", Json::object());
    const auto status = parse_result<StatusResult>(result);
    const auto unit = unit_state(status.pid);
    if (context.json()) {
        if (unit) result["service"] = write_fields(*unit);
        context.print_json("status", result);
    } else {
        context.print(status_text(status, unit, context.style()));
    }
    return ExitCode::done;
}

ExitCode run_metrics(Context& context) {
    const std::string wanted = context.arguments().text("format").value_or("openmetrics");
    const auto format = enum_value<MetricsFormat>(wanted);
    if (!format) {
        throw ControlError(error_usage,
                           tr("--format: \"{1}\" is neither openmetrics nor prometheus", wanted));
    }
    const Json result = context.call("metrics", Json::object());
    if (context.json()) {
        context.print_json("metrics", result);
    } else {
        context.print(metrics_text(parse_result<MetricsResult>(result), *format));
    }
    return ExitCode::done;
}

ExitCode run_config_show(Context& context) {
    const Json result = context.call("config.get", Json::object());
    if (context.json()) {
        context.print_json("config", result);
    } else {
        context.print_paged(config_text(parse_result<ConfigResult>(result)));
    }
    return ExitCode::done;
}

ExitCode run_config_check(Context& context) {
    ConfigSources sources;
    sources.kind = current_service_kind();
    sources.environment = process_environment;
    const auto& words = context.arguments().words;
    if (!words.empty()) sources.file = words.front();
    ConfigResult result;
    try {
        result.entries = load_config(sources).entries();
    } catch (const ConfigError& error) {
        throw ControlError(error_configuration, in_language(error.what()));
    }
    const std::string name =
        sources.file ? *sources.file : default_config_file(sources.kind, sources.environment);
    if (context.json()) {
        context.print_json("config", write_fields(result));
    } else if (!context.quiet()) {
        context.print((name.empty() ? tr("the configuration is in order")
                                    : tr("{1} is in order", one_line(name))) +
                      "\n");
    }
    return ExitCode::done;
}

ExitCode run_reload(Context& context) {
    const Json result = context.call("reload", Json::object());
    if (context.json()) {
        context.print_json("reload", result);
    } else if (!context.quiet()) {
        context.print(reload_text(parse_result<ReloadResult>(result)));
    }
    return ExitCode::done;
}

ExitCode run_log_level(Context& context) {
    const auto& words = context.arguments().words;
    LogLevelParams params;
    if (!words.empty()) {
        check_level(words.front());
        params.level = words.front();
    }
    const Json result = context.call("log_level", write_fields(params));
    if (context.json()) {
        context.print_json("log_level", result);
    } else {
        context.print(one_line(parse_result<LogLevelResult>(result).level) + "\n");
    }
    return ExitCode::done;
}

ExitCode run_rpc(Context& context) {
    const auto& words = context.arguments().words;
    const Json params = words.size() > 1 ? parse_params(words[1]) : Json::object();
    const Json result = context.client().call(words.front(), params, std::nullopt);
    if (context.json()) {
        context.print_json("result", Json{{"result", result}});
    } else {
        context.print(result.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n");
    }
    return ExitCode::done;
}

ExitCode run_version(Context& context) {
    std::optional<HelloResult> daemon;
    std::string why_not;
    // -V is about this program, the command also about the daemon.
    if (!context.arguments().has("version")) {
        try {
            daemon = parse_result<HelloResult>(
                context.call("hello", write_fields(HelloParams{.client = "p2pctl " P2PD_VERSION})));
        } catch (const ControlError& error) {
            why_not = error.what();
        }
    }
    if (context.json()) {
        context.print_json("version", Json{{"p2pctl", P2PD_VERSION},
                                           {"protocol", control_protocol_version},
                                           {"p2pd", daemon ? Json(daemon->version) : Json()}});
        return ExitCode::done;
    }
    context.print("p2pctl " P2PD_VERSION "\n");
    if (daemon) {
        context.print(one_line(daemon->name) + " " + one_line(daemon->version) + "\n");
    } else if (!why_not.empty()) {
        context.remark(why_not);
    }
    return ExitCode::done;
}

}  // namespace p2pd
