"""Which figures are there, in which unit, and is more of one better? One table."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Figure:
    """How a figure is shown. `{unit}` in the title becomes call, message or connection."""

    title: str
    digits: int = 0
    more_is_better: bool = False

    def text(self, value):
        if value is None:
            return "–"
        # One more digit for what is so small that rounding would hide differences.
        digits = self.digits + (self.digits > 0 and abs(value) < 1)
        return f"{value:,.{digits}f}"


FIGURES = {
    "cpu_us": Figure("CPU µs/{unit}", 2),
    "user_us": Figure("user", 2),
    "system_us": Figure("system", 2),
    "per_second": Figure("{unit}s/s", more_is_better=True),
    "per_cpu_second": Figure("{unit}s/CPU s", more_is_better=True),
    "mib_per_second": Figure("MiB/s", 1, True),
    "cpu_percent": Figure("CPU %"),
    "voluntary": Figure("waits", 2),
    "involuntary": Figure("preempted", 2),
    "syscalls": Figure("syscalls", 2),
    "rss_mib": Figure("RSS MiB", 1),
    "peak_mib": Figure("peak MiB", 1),
    "p50_us": Figure("p50 µs"),
    "p90_us": Figure("p90 µs"),
    "p99_us": Figure("p99 µs"),
    "p999_us": Figure("p99.9 µs"),
    "max_us": Figure("max µs"),
    "late_p99_us": Figure("sent late p99 µs"),
    "wanted_per_second": Figure("{unit}s/s wanted", more_is_better=True),
    "alone_p50_us": Figure("alone p50 µs"),
    "alone_p99_us": Figure("alone p99 µs"),
    "bytes_each": Figure("bytes/{unit}"),
    "rss_before_mib": Figure("RSS MiB before", 1),
    "first_answer_ms": Figure("ms to first answer", 1),
}

# What the chart of percentiles shows, from left to right.
PERCENTILES = (("p50_us", "p50"), ("p90_us", "p90"), ("p99_us", "p99"), ("p999_us", "p99.9"))


def latencies(result):
    """The percentiles of a generator's Result as figures."""
    return {f"{key}_us": value for key, value in result.latency_us.items()
            if f"{key}_us" in FIGURES}
