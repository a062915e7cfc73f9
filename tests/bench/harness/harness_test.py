#!/usr/bin/env python3
"""Does the harness of the benchmarks read, summarise and draw what it has seen correctly?"""

import json
import pathlib
import sys
import types
import unittest
import xml.etree.ElementTree

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "third_party")]

# pylint: disable=wrong-import-position
from harness import arguments, build, cold_start, counters, figures, generators, idle, open_loop
from harness import plot, procedures, programs, report, scenarios, summary, syscalls, tables
from harness.process import BenchError
from harness.record import Record

H2LOAD = """finished in 1.25s, 80000.00 req/s, 5.11MB/s
requests: 100000 total, 100000 started, 100000 done, 100000 succeeded, 0 failed, 0 errored
status codes: 100000 2xx, 0 3xx, 0 4xx, 0 5xx
"""

LOAD = {
    "shape": "download", "connections": 10, "streams": 10, "seconds": 2.0, "calls": 100,
    "failed": 0, "failures": {}, "first_failure": "", "calls_per_second": 50.0,
    "messages": 100000, "messages_per_second": 50000.0, "payload_bytes": 6400000,
    "bytes_per_second": 3200000.0, "connections_opened": 10, "client_cpu_seconds": 1.5,
    "latency_us": {"mean": 5, "p50": 4, "p90": 8, "p99": 9, "p999": 10, "max": 11},
    "late_us": {"p99": 3},
}

STRACE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 52.38    0.001100           1      1000           sendmsg
 47.62    0.001000           0      2000        12 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    0.002100           0      3000        12 total
"""


def record_of(samples, name="10x100", **lists):
    """A Record with these samples."""
    record = Record(scenarios.by_name()[name], {})
    record.left_out = {}
    record.samples = samples
    for key, value in lists.items():
        setattr(record, key, value)
    return record


def cost(*values):
    return [{"cpu_us": value, "per_second": 1000.0} for value in values]


class Parsing(unittest.TestCase):
    """What other programs and the kernel say."""

    def test_h2load_counts_only_when_every_call_has_succeeded(self):
        result = generators.parse_h2load(H2LOAD, 100000)
        self.assertEqual((result.calls, result.seconds), (100000, 1.25))
        for output, calls in [(H2LOAD, 100001), ("", 1), (H2LOAD.replace("finished", ""), 100000)]:
            with self.assertRaises(BenchError):
                generators.parse_h2load(output, calls)

    def test_load_reports_calls_messages_and_latencies(self):
        result = generators.parse_load(json.dumps(LOAD))
        self.assertEqual(result.units("call"), 100)
        self.assertEqual(result.units("message"), 100000)
        self.assertEqual(result.units("connection"), 10)
        found = figures.latencies(result)
        self.assertEqual(found["p999_us"], 10)
        self.assertNotIn("mean_us", found)

    def test_load_that_failed_is_no_result(self):
        failed = LOAD | {"failed": 1, "first_failure": "code 14"}
        with self.assertRaisesRegex(BenchError, "code 14"):
            generators.parse_load(json.dumps(failed))
        for output in ["", "{}", "[]", json.dumps(LOAD | {"calls": 0})]:
            with self.assertRaises(BenchError):
                generators.parse_load(output)

    def test_strace_with_and_without_errors(self):
        self.assertEqual(syscalls.parse_strace(STRACE), {"sendmsg": 1000, "recvfrom": 2000})
        self.assertEqual(syscalls.parse_strace(""), {})

    def test_idle_client_says_what_it_has_held(self):
        said = {"connections": 10, "streams": 5, "failed": 0}
        idle.check_held(json.dumps(said), 50)
        for output in ["", json.dumps(said | {"streams": 1}), json.dumps(said | {"failed": 1})]:
            with self.assertRaises(BenchError):
                idle.check_held(output, 50)

    def test_perf_that_may_count_and_that_may_not(self):
        text = "# started on\n\n145,,raw_syscalls:sys_enter,1340283,100.00,,\n"
        self.assertEqual(syscalls.parse_perf(text), {"all": 145})
        text = "<not counted>,,raw_syscalls:sys_enter,0,100.00,,\n"
        self.assertEqual(syscalls.parse_perf(text), {})

    def test_thread_of_proc(self):
        thread = counters.parse_thread(
            "5000 77 9\n",
            "Name:\tx\nvoluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t4\n")
        self.assertEqual(thread, counters.Thread(5000, 3, 4))

    def test_own_process_can_be_read(self):
        snapshot = counters.snapshot("self")
        self.assertGreater(sum(t.nanoseconds for t in snapshot.threads.values()), 0)
        resident, peak = counters.memory("self")
        self.assertGreaterEqual(peak, resident)


class Counting(unittest.TestCase):
    """Differences of what the kernel counts."""

    @staticmethod
    def snapshot(user, system, **threads):
        return counters.Snapshot(
            {name: counters.Thread(*values) for name, values in threads.items()}, user, system)

    def test_time_is_exact_and_new_threads_count(self):
        found = counters.difference(
            self.snapshot(0, 0, a=(1000, 1, 1)),
            self.snapshot(3, 1, a=(5000, 5, 1), b=(4000, 2, 2)), 4)
        self.assertEqual(found["cpu_us"], 2)
        self.assertEqual((found["user_us"], found["system_us"]), (1.5, 0.5))
        self.assertEqual((found["voluntary"], found["involuntary"]), (1.5, 0.5))

    def test_without_a_thread_that_ended_ticks_are_what_is_left(self):
        found = counters.difference(
            self.snapshot(0, 0, a=(1000, 1, 1), b=(1, 1, 1)),
            self.snapshot(1, 1, a=(2000, 2, 2)), 1)
        self.assertEqual(found["cpu_us"], 2e6 / counters._TICKS_PER_SECOND)
        self.assertIsNone(found["voluntary"])


class Summarising(unittest.TestCase):
    """Medians, spreads and ratios."""

    def test_median_spread_and_ratio_to_the_best_of_grpc(self):
        rows = summary.summarise(record_of({
            "weir inline": cost(1.0, 9.0, 2.0), "gRPC C++ sync": cost(30.0),
            "gRPC C++ async": cost(10.0)}))
        self.assertEqual(rows[0]["figures"]["cpu_us"], {"median": 2.0, "min": 1.0, "max": 9.0})
        self.assertEqual([row["times_better"] for row in rows], [5.0, 10 / 30, 1.0])

    def test_more_may_be_better(self):
        rows = summary.summarise(record_of({
            "weir inline": [{"per_cpu_second": 400}], "gRPC C++ sync": [{"per_cpu_second": 100}],
            "gRPC C++ async": [{"per_cpu_second": 200}]}, "churn"))
        self.assertEqual([row["times_better"] for row in rows], [2.0, 0.5, 1.0])

    def test_without_grpc_there_is_no_ratio(self):
        rows = summary.summarise(record_of({"tonic": cost(1.0)}))
        self.assertIsNone(rows[0]["times_better"])
        self.assertNotIn("× better", tables.table(record_of({}), rows)[0])

    def test_latencies_at_different_rates_are_not_compared(self):
        samples = {"weir inline": [{"p99_us": 10}], "gRPC C++ sync": [{"p99_us": 20}]}
        for name, ratios, count in (("open-loop-half", [None, None], 0),
                                    ("open-loop-same", [2.0, 1.0], 1)):
            record = record_of(samples, name)
            rows = summary.summarise(record)
            self.assertEqual([row["times_better"] for row in rows], ratios)
            self.assertEqual(len(summary.overview([(record, rows)])), count)

    def test_figures_of_a_round_of_their_own_and_missing_ones(self):
        record = record_of({"weir inline": cost(1.0), "tonic": cost(2.0)},
                           extras={"weir inline": {"syscalls": 0.5}})
        lines = tables.table(record, summary.summarise(record))
        column = lines[0].index("syscalls")
        self.assertEqual([line[column] for line in lines[1:]], ["0.500", "–"])
        self.assertNotIn("peak MiB", lines[0])

    def test_the_two_generators_are_put_side_by_side(self):
        results = [(record, summary.summarise(record)) for record in (
            record_of({"weir inline": cost(1.0), "tonic": cost(2.0)}),
            record_of({"weir inline": cost(1.1)}, "10x100-load"))]
        self.assertEqual(summary.agreement(results), [("10x100", "weir inline", 1.0, 1.1)])

    def test_rates_of_the_open_loop(self):
        peaks = {"a": 1000, "b": 200}
        self.assertEqual(open_loop.choose_rates(peaks, 0.5, False), {"a": 500, "b": 100})
        self.assertEqual(open_loop.choose_rates(peaks, 0.5, True), {"a": 100, "b": 100})


class Tables(unittest.TestCase):
    """The tables of scenarios and servers are sound."""

    def test_every_scenario_can_be_measured_and_shown(self):
        names = [scenario.name for scenario in scenarios.SCENARIOS]
        self.assertEqual(len(names), len(set(names)))
        for scenario in scenarios.SCENARIOS:
            self.assertIn(scenario.procedure, procedures._PROCEDURES)
            self.assertLessEqual(set(scenario.figures), set(figures.FIGURES))
            able = [p for p in scenario.programs if p.why_not(scenario.needs) is None]
            self.assertTrue(able, scenario.name)

    def test_words_choose_scenarios(self):
        self.assertEqual([s.name for s in scenarios.choose(["tls", "1x1"])], ["1x1", "tls"])
        self.assertEqual(scenarios.choose(["all"]), list(scenarios.SCENARIOS))
        self.assertTrue(all(scenario.default for scenario in scenarios.choose([])))
        with self.assertRaises(KeyError):
            scenarios.choose(["2x2x2"])

    def test_what_is_not_measured_is_said(self):
        record = Record(scenarios.by_name()["tls"], {"grpc-go": "no Go toolchain"})
        said = "\n".join(report.remarks(record))
        self.assertIn("Without grpc-go: no Go toolchain.", said)
        self.assertIn("Without tonic: built without TLS.", said)

    def test_a_failure_leaves_no_samples(self):
        record = record_of({"tonic": cost(1.0)})
        with record.attempt("tonic"):
            raise BenchError("it is gone")
        self.assertFalse(record.is_active("tonic"))
        self.assertEqual(record.samples, {})
        self.assertIn("FAILED: tonic: it is gone", report.remarks(record))

    def test_text_is_aligned(self):
        text = tables.as_text([["server", "x"], ["a", "1.5"]], "")
        self.assertEqual(text, "server     x\na        1.5")
        self.assertEqual(tables.as_markdown([["server", "x"], ["a", "1"]]),
                         "| server | x |\n|---|---:|\n| a | 1 |")

    def test_results_hold_tables_plots_and_remarks(self):
        record = record_of({"weir inline": cost(1.0), "gRPC C++ sync": cost(30.0)},
                           failed={"tonic": "two\nlines"})
        rows = summary.summarise(record)
        text = report.markdown({"cpu": "abacus"}, [(record, rows)], {"10x100": ["10x100.svg"]})
        for part in ("- cpu: abacus", "](plots/10x100.svg)", "| weir inline | 1.00 |", "30.0 |",
                     "- FAILED: tonic: two lines", "## Overview"):
            self.assertIn(part, text)


class Plotting(unittest.TestCase):
    """Charts are well-formed, labelled, and true to scale."""

    ROWS = [("weir inline", 2.0, 1.0, 4.0), ("a <b> & c", 8.0, 8.0, 8.0)]

    @staticmethod
    def bars_of(svg):
        tree = xml.etree.ElementTree.fromstring(svg)
        namespace = "{http://www.w3.org/2000/svg}"
        return [float(rect.get("width")) for rect in tree.iter(f"{namespace}rect")][1:]

    def test_bars_are_as_long_as_their_values(self):
        svg = plot.bars("Title <1>", "CPU µs/call", self.ROWS)
        one, other = self.bars_of(svg)
        self.assertAlmostEqual(other / one, 4, delta=0.01)
        for part in ("Title &lt;1&gt;", "CPU µs/call", "a &lt;b&gt; &amp; c", "8.0",
                     "prefers-color-scheme: dark"):
            self.assertIn(part, svg)

    def test_a_logarithmic_scale_is_named(self):
        svg = plot.bars("t", "u", self.ROWS, log=True)
        self.assertIn("logarithmic", svg)
        one, other = self.bars_of(svg)
        self.assertLess(one, other)

    def test_bars_of_nothing_and_of_zero(self):
        for rows in ([], [("x", 0, 0, 0)], [("x", -1, -1, 0)]):
            xml.etree.ElementTree.fromstring(plot.bars("t", "u", rows))

    def test_ticks_are_round_and_cover_the_values(self):
        self.assertEqual(plot.nice_ticks(10), [0, 2, 4, 6, 8, 10])
        self.assertGreaterEqual(plot.nice_ticks(10.1)[-1], 10.1)
        self.assertEqual(plot.log_ticks(2, 30), [1, 2, 5, 10, 20, 50, 100])
        self.assertEqual(plot.log_ticks(10, 10)[-1], 100)
        self.assertEqual([plot.short(v) for v in (0.5, 20, 1500, 2e6)],
                         ["0.5", "20", "1,500", "2M"])

    def test_labels_do_not_cover_each_other(self):
        places = plot.spread_out([50, 10, 11, 12], 15, 0, 60)
        ordered = sorted(places)
        self.assertTrue(all(b - a >= 15 for a, b in zip(ordered, ordered[1:])), places)
        self.assertLess(places[1], places[2])
        self.assertLessEqual(places[0], 60)

    def test_percentiles_have_a_line_for_each_server(self):
        series = [(name, [(label, value) for label, value in zip("abcd", (1, 2, 4, 400))])
                  for name in ("weir inline", "tonic")]
        svg = plot.percentiles("t", "latency, µs", series)
        xml.etree.ElementTree.fromstring(svg)
        self.assertEqual(svg.count("<polyline"), 2)
        self.assertIn("latency, µs", svg)

    def test_plots_of_a_scenario(self):
        latencies = {"p50_us": 10, "p90_us": 20, "p99_us": 30, "p999_us": 400, "max_us": 500}
        record = record_of({"weir inline": [latencies]}, "open-loop-half")
        names = set(report.plots(record, summary.summarise(record)))
        self.assertEqual(names, {"open-loop-half.svg", "open-loop-half-latency.svg"})


class ColdStart(unittest.TestCase):
    """The one call that the harness makes by itself."""

    def test_the_request_is_made_of_whole_frames(self):
        request = cold_start.first_request()
        preface = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        pieces = [request[preface:preface + 20], request[preface + 20:], b""]
        connection = types.SimpleNamespace(recv=lambda _: pieces.pop(0))
        found = list(cold_start.frames(connection))
        self.assertEqual([(kind, stream) for kind, stream, _ in found], [(4, 0), (1, 1), (0, 1)])
        self.assertEqual(found[2][2], generators.REQUEST)


class Programs(unittest.TestCase):
    """Abilities of servers."""

    def test_the_profiled_server_is_measured_only_if_asked_for(self):
        for words, is_there in (([], False), (["--profiled"], True), (["--only=go"], False),
                                (["--profiled", "--only=go"], False)):
            wanted = arguments.wants(arguments.parse(words, ROOT))
            chosen = build.programs_of([scenarios.by_name()["10x100"]], wanted)
            self.assertEqual(programs.PROFILED in chosen, is_there, words)

    def test_a_reason_is_given_for_what_a_server_cannot_do(self):
        by_name = {program.name: program for program in programs.PROGRAMS}
        self.assertIsNone(by_name["weir coroutine"].why_not((programs.STREAMS, programs.TLS)))
        self.assertIn("UNIMPLEMENTED", by_name["gRPC C++ async"].why_not((programs.STREAMS,)))


if __name__ == "__main__":
    unittest.main()
