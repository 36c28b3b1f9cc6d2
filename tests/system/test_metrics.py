"""`p2pctl metrics`: what it prints is well formed, true, and only ever rises where it counts."""

from __future__ import annotations

import configparser
import shutil
import subprocess

from prometheus_client import parser as older_format
from prometheus_client.openmetrics import parser as openmetrics

from harness import Daemon, Hosts
from programs import P2PCTL, ROOT, clean_environment

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(daemon: Daemon) -> Values:
    """All samples, by name and labels, as a strict reader of OpenMetrics finds them."""
    done = daemon.ctl("metrics")
    assert done.exit == 0 and done.out.endswith("# EOF\n"), done
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in openmetrics.text_string_to_metric_families(done.out)
            for sample in family.samples}


def total(values: Values, name: str, **labels: str) -> float:
    return values[(name, tuple(sorted(labels.items())))]


def test_what_was_sent_and_received_is_counted(alice: Daemon, bob: Daemon) -> None:
    ids = [alice.send(bob.address, f"number {i}") for i in range(5)]
    assert alice.wait_state(ids) == ["delivered"] * 5
    sent, received = read(alice), read(bob)
    assert total(sent, "p2pd_messages_accepted_total") == 5
    assert total(sent, "p2pd_messages_ended_total", state="delivered") == 5
    assert total(sent, "p2pd_queued_messages") == 0
    assert total(received, "p2pd_messages_received_total") >= 5
    assert total(received, "p2pd_unread_messages") == 5
    assert total(received, "p2pd_stored_messages") == 5
    assert total(received, "p2pd_disk_full") == 0
    # Each message was made durable, each ACK read gave a sample.
    assert total(sent, "p2pd_commit_seconds_count") >= 1
    assert total(received, "p2pd_commit_seconds_count") >= 1
    assert 1 <= total(sent, "p2pd_round_trip_seconds_count") <= 5
    assert 0 < total(sent, "p2pd_round_trip_seconds_sum") < 60


def test_metrics_and_status_agree(alice: Daemon, bob: Daemon) -> None:
    assert alice.wait_state([alice.send(bob.address, "one")]) == ["delivered"]
    metrics, status = read(bob), bob.status()
    for each in status["counters"]:
        assert total(metrics, f"p2pd_{each['name']}_total") == each["count"]
    for each in status["dropped"]:
        assert total(metrics, "p2pd_datagrams_dropped_total", cause=each["name"]) == each["count"]
    for each in status["limits"]:
        assert total(metrics, "p2pd_limit", key=each["name"]) == each["max"]
    assert total(metrics, "p2pd_build_info", version=status["version"]) == 1


def test_counters_never_fall(alice: Daemon, bob: Daemon) -> None:
    before = read(alice)
    for text in ("one", "two"):
        assert alice.wait_state([alice.send(bob.address, text)]) == ["delivered"]
        after = read(alice)
        counters = {key for key in after if key[0].endswith(("_total", "_count", "_bucket"))}
        assert counters == {key for key in before if key[0].endswith(("_total", "_count",
                                                                      "_bucket"))}
        assert all(after[key] >= before[key] for key in counters)
        assert sum(after[key] for key in counters) > sum(before[key] for key in counters)
        before = after


def test_what_is_given_up_is_counted_by_its_end(alice: Daemon) -> None:
    number = alice.send("127.0.0.1:9", "nobody is there")
    assert total(read(alice), "p2pd_queued_messages") == 1
    alice.call("cancel", {"ids": [number]})
    assert alice.wait_state([number]) == ["cancelled"]
    assert total(read(alice), "p2pd_messages_ended_total", state="cancelled") == 1


def test_nothing_names_a_peer(alice: Daemon, bob: Daemon) -> None:
    assert alice.wait_state([alice.send(bob.address, "one")]) == ["delivered"]
    assert "127.0.0.1" not in alice.ctl("metrics").out


def test_the_older_format_has_the_same_samples_and_a_type_for_each(alice: Daemon) -> None:
    done = alice.ctl("metrics", "--format", "prometheus")
    assert done.exit == 0 and "# EOF" not in done.out and "# UNIT" not in done.out
    families = list(older_format.text_string_to_metric_families(done.out))
    assert all(family.type in ("counter", "gauge", "histogram") for family in families)
    assert all(family.documentation for family in families)
    names = {sample.name for family in families for sample in family.samples}
    assert names == {name for name, _ in read(alice)}


def test_the_example_for_node_exporter_writes_a_whole_file(hosts: Hosts) -> None:
    alice = hosts.start("alice")
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "systemd" / "examples" / "p2pd-metrics.service")
    shell, option, script = unit["Service"]["ExecStart"].split(" ", 2)
    folder = hosts.folder / "node-exporter"
    programs = hosts.folder / "programs"
    folder.mkdir()
    programs.mkdir()
    shutil.copy(P2PCTL, programs / "p2pctl")
    environment = clean_environment(hosts.folder)
    environment |= {"P2PD_SOCKET": str(alice.socket), "PATH": f"{programs}:/usr/bin:/bin"}
    subprocess.run([shell, option, script.strip("'")], cwd=folder, env=environment, check=True,
                   timeout=30)
    assert [path.name for path in folder.iterdir()] == ["p2pd.prom"]
    assert (folder / "p2pd.prom").read_text().startswith("# TYPE p2pd_build_info gauge\n")
