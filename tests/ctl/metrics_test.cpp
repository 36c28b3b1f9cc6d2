// tests/ctl: metrics as text, in both formats.
#include <gtest/gtest.h>

#include "ctl/output_metrics.h"
#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/run_p2pctl.h"

namespace p2pd::test {
namespace {

MetricFamily family(MetricType type, std::string name) {
    MetricFamily family;
    family.name = std::move(name);
    family.type = type;
    family.help = "Help.";
    return family;
}

std::string open_text(const MetricFamily& family) {
    return metrics_text({{family}}, MetricsFormat::openmetrics);
}

TEST(Metrics, ACounterEndsInTotal) {
    MetricFamily counter = family(MetricType::counter, "p2pd_things");
    counter.samples = {{std::nullopt, 12}};
    EXPECT_EQ(open_text(counter),
              "# TYPE p2pd_things counter\n"
              "# HELP p2pd_things Help.\n"
              "p2pd_things_total 12\n"
              "# EOF\n");
}

TEST(Metrics, TheOlderFormatNamesACounterAsItsLine) {
    MetricFamily counter = family(MetricType::counter, "p2pd_things");
    counter.unit = "things";
    counter.samples = {{std::nullopt, 12}};
    EXPECT_EQ(metrics_text({{counter}}, MetricsFormat::prometheus),
              "# TYPE p2pd_things_total counter\n"
              "# HELP p2pd_things_total Help.\n"
              "p2pd_things_total 12\n");
}

TEST(Metrics, AGaugeHasItsUnit) {
    MetricFamily gauge = family(MetricType::gauge, "p2pd_store_bytes");
    gauge.unit = "bytes";
    gauge.samples = {{std::nullopt, 9007199254740992.0}};
    EXPECT_EQ(open_text(gauge),
              "# TYPE p2pd_store_bytes gauge\n"
              "# UNIT p2pd_store_bytes bytes\n"
              "# HELP p2pd_store_bytes Help.\n"
              "p2pd_store_bytes 9007199254740992\n"
              "# EOF\n");
}

TEST(Metrics, LabelsTellSamplesApart) {
    MetricFamily counter = family(MetricType::counter, "p2pd_things");
    counter.label = "cause";
    counter.samples = {{"one", 1}, {"two", 2}};
    const std::string text = open_text(counter);
    EXPECT_NE(text.find("p2pd_things_total{cause=\"one\"} 1\n"), std::string::npos) << text;
    EXPECT_NE(text.find("p2pd_things_total{cause=\"two\"} 2\n"), std::string::npos) << text;
}

TEST(Metrics, AHistogramEndsWithAllOfThem) {
    MetricFamily histogram = family(MetricType::histogram, "p2pd_commit_seconds");
    histogram.buckets = {{0.0001, 1}, {1, 3}};
    histogram.count = 4;
    histogram.sum = 12.5;
    EXPECT_EQ(open_text(histogram),
              "# TYPE p2pd_commit_seconds histogram\n"
              "# HELP p2pd_commit_seconds Help.\n"
              "p2pd_commit_seconds_bucket{le=\"0.0001\"} 1\n"
              "p2pd_commit_seconds_bucket{le=\"1.0\"} 3\n"
              "p2pd_commit_seconds_bucket{le=\"+Inf\"} 4\n"
              "p2pd_commit_seconds_count 4\n"
              "p2pd_commit_seconds_sum 12.5\n"
              "# EOF\n");
}

TEST(Metrics, WhatHasAMeaningInTheFormatIsEscaped) {
    MetricFamily gauge = family(MetricType::gauge, "p2pd_x");
    gauge.help = "a\\b\nc";
    gauge.label = "l";
    gauge.samples = {{"q\"b\\n\n", 1}};
    const std::string text = open_text(gauge);
    EXPECT_NE(text.find("# HELP p2pd_x a\\\\b\\nc\n"), std::string::npos) << text;
    EXPECT_NE(text.find("p2pd_x{l=\"q\\\"b\\\\n\\n\"} 1\n"), std::string::npos) << text;
}

class MetricsCommand : public testing::Test {
protected:
    MetricsCommand() {
        daemon.on("metrics", [](const Question& question) {
            MetricFamily counter = family(MetricType::counter, "p2pd_things");
            counter.samples = {{std::nullopt, 12}};
            Json result = write_fields(MetricsResult{{counter}});
            result["families"][0]["of_a_later_version"] = 1;
            question.result(result);
        });
    }

    Outcome run(const std::vector<std::string>& arguments) {
        return run_p2pctl(daemon.socket_path(), arguments);
    }

    FakeDaemon daemon;
};

TEST_F(MetricsCommand, PrintsOpenMetrics) {
    EXPECT_EQ(run({"metrics"}).out,
              "# TYPE p2pd_things counter\n"
              "# HELP p2pd_things Help.\n"
              "p2pd_things_total 12\n"
              "# EOF\n");
}

TEST_F(MetricsCommand, PrintsTheOlderFormatWhenAskedTo) {
    EXPECT_EQ(run({"metrics", "--format", "prometheus"}).out,
              "# TYPE p2pd_things_total counter\n"
              "# HELP p2pd_things_total Help.\n"
              "p2pd_things_total 12\n");
}

TEST_F(MetricsCommand, PrintsNumbersAsJson) {
    const auto lines = json_lines(run({"metrics", "--json"}).out);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0]["type"], "metrics");
    EXPECT_EQ(lines[0]["families"][0]["samples"][0]["value"], 12);
}

TEST_F(MetricsCommand, AFormatThatIsNoneIsAUsageError) {
    EXPECT_EQ(run({"metrics", "--format", "xml"}).exit, 64);
}

}  // namespace
}  // namespace p2pd::test
