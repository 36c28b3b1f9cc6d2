// ctl: metrics as the text that Prometheus and its kin read. Includes std and common.
#include "ctl/output_metrics.h"

#include <array>
#include <charconv>

namespace p2pd {

namespace {

/// Without an exponent, as short as it can be: `12`, `0.0001`.
std::string number_text(double value) {
    std::array<char, 400> buffer{};  // the longest double has 309 digits before the point
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                            std::chars_format::fixed);
    return error == std::errc{} ? std::string(buffer.data(), end) : "NaN";
}

/// Bounds are names as well, of which OpenMetrics wants one spelling: `1.0`.
std::string bound_text(double bound) {
    std::string text = number_text(bound);
    if (text.find('.') == std::string::npos) text += ".0";
    return text;
}

/// Of a help text, and with quotes of the value of a label.
std::string escaped(std::string_view text, bool quotes) {
    std::string result;
    for (const char c : text) {
        if (c == '\n') {
            result += "\\n";
            continue;
        }
        if (c == '\\' || (quotes && c == '"')) result += '\\';
        result += c;
    }
    return result;
}

void add_line(std::string& text, std::string_view name, std::string_view label,
              std::string_view label_value, const std::string& value) {
    text += name;
    if (!label.empty()) {
        text.append("{").append(label).append("=\"").append(escaped(label_value, true));
        text.append("\"}");
    }
    text.append(" ").append(value).append("\n");
}

void add_histogram(std::string& text, const MetricFamily& family) {
    const std::string count = std::to_string(family.count);
    for (const MetricBucket& bucket : family.buckets) {
        add_line(text, family.name + "_bucket", "le", bound_text(bucket.le),
                 std::to_string(bucket.count));
    }
    add_line(text, family.name + "_bucket", "le", "+Inf", count);
    add_line(text, family.name + "_count", {}, {}, count);
    add_line(text, family.name + "_sum", {}, {}, number_text(family.sum));
}

void add_family(std::string& text, const MetricFamily& family, MetricsFormat format) {
    const bool open = format == MetricsFormat::openmetrics;
    const bool counter = family.type == MetricType::counter;
    const std::string sample_name = family.name + (counter ? "_total" : "");
    // The older format has no families: what a counter's line is called is its whole name.
    const std::string& name = open ? family.name : sample_name;
    text.append("# TYPE ").append(name).append(" ").append(enum_name(family.type)).append("\n");
    if (open && family.unit) {
        text.append("# UNIT ").append(name).append(" ").append(*family.unit).append("\n");
    }
    text.append("# HELP ").append(name).append(" ").append(escaped(family.help, open));
    text += "\n";
    if (family.type == MetricType::histogram) return add_histogram(text, family);
    for (const MetricSample& sample : family.samples) {
        add_line(text, sample_name, sample.label ? family.label.value_or("") : "",
                 sample.label.value_or(""), number_text(sample.value));
    }
}

}  // namespace

std::string metrics_text(const MetricsResult& metrics, MetricsFormat format) {
    std::string text;
    for (const MetricFamily& family : metrics.families) add_family(text, family, format);
    if (format == MetricsFormat::openmetrics) text += "# EOF\n";
    return text;
}

}  // namespace p2pd
