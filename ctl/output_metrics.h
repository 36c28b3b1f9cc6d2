// ctl: metrics as the text that Prometheus and its kin read. Includes std and common.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "common/control_protocol.h"

namespace p2pd {

/// `openmetrics`: OpenMetrics 1.0. `prometheus`: the text format 0.0.4, for what does not know the
/// other, as node_exporter and `promtool check metrics`.
enum class MetricsFormat { openmetrics, prometheus };
constexpr auto enum_names(MetricsFormat) {
    return std::array<std::pair<MetricsFormat, std::string_view>, 2>{
        {{MetricsFormat::openmetrics, "openmetrics"}, {MetricsFormat::prometheus, "prometheus"}}};
}

/// What the daemon measured, in the order that it gave.
std::string metrics_text(const MetricsResult& metrics, MetricsFormat format);

}  // namespace p2pd
