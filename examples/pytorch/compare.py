#!/usr/bin/env python3
"""Compares the tuned operators with eager PyTorch, torch.compile and its max-autotune mode, on the
five workloads.

Every variant of a workload runs once a round, in a random order, after a flush of the L2 cache. A
time comes from the GPU's own records (CUPTI): from the start of a call's first kernel to the end of
its last one. A second column has the times of events around the call, which include its launch.
Results are compared with fp64.

    python3 compare.py                              all workloads, in f32, tf32 and bf16
    python3 compare.py --workloads b,e --maths bf16 --rounds 30 --json compare.json
    python3 compare.py --modes eager,compile        without max-autotune, which compiles for minutes
"""
import argparse
import copy
import json
import random
import statistics
import sys

import torch
from torch.profiler import ProfilerActivity, profile

import tilewright_ops
from workloads import WORKLOADS

MODES = {"eager": None, "compile": "default", "max-autotune": "max-autotune-no-cudagraphs"}
# For the floors: FLOP/s of the tensor cores from the datasheet of an H100 or H200 (f32: three TF32
# products). The bandwidth is measured.
PEAK = {"f32": 495e12 / 3, "tf32": 495e12, "bf16": 990e12}
# The error of one value relative to the largest one: of fp32 sums and products, and of operands
# with 10 and 7 bits of fraction.
ROUNDING = {"f32": 2.0**-21, "tf32": 2.0**-10, "bf16": 2.0**-7}


def dtype_of(math):
    return torch.bfloat16 if math == "bf16" else torch.float32


def allow_tf32(on):
    torch.backends.cuda.matmul.allow_tf32 = on
    torch.backends.cudnn.allow_tf32 = on


class Flush:
    """Evicts a call's data from the L2 cache, and runs a kernel that marks the GPU's records."""

    def __init__(self):
        self.lines = torch.zeros(64 << 20, dtype=torch.float32, device="cuda")
        self.mark = torch.zeros(16, dtype=torch.int16, device="cuda")

    def __call__(self):
        self.lines.fill_(1)  # replaces the lines in the cache
        self.lines.sum()  # writes the dirty lines back
        self.mark.fill_(1)

    @staticmethod
    def is_mark(name):
        return "FillFunctor<short>" in name


def kernel_times_ms(calls, order, flush):
    """Returns one time a call, in order: from the first kernel's start to the last one's end."""
    with profile(activities=[ProfilerActivity.CUDA]) as records:
        for name in order:
            flush()
            calls[name]()
        flush.mark.fill_(1)
        torch.cuda.synchronize()
    kernels = sorted((event.time_range.start, event.time_range.end, event.name)
                     for event in records.events()
                     if event.device_type == torch.autograd.DeviceType.CUDA)
    marks = [i for i, (_, _, name) in enumerate(kernels) if Flush.is_mark(name)]
    spans = []
    for begin, end in zip(marks, marks[1:]):
        # A mark is followed by the call's kernels, and then by the next flush: a fill and a sum,
        # which has up to two kernels.
        own = kernels[begin + 1:end]
        fills = [i for i, (_, _, name) in enumerate(own) if "FillFunctor<float>" in name]
        own = own[:fills[-1]] if fills else own
        spans.append((own[-1][1] - own[0][0]) / 1e3)
    if len(spans) != len(order):
        raise RuntimeError(f"the profiler lost records: {len(spans)} spans of {len(order)} calls")
    return spans


def event_times_ms(calls, order, flush):
    spans = []
    for name in order:
        flush()
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        calls[name]()
        end.record()
        spans.append((start, end))
    torch.cuda.synchronize()
    return [start.elapsed_time(end) for start, end in spans]


def measure(calls, rounds, flush):
    """Returns the median times of every call in ms, by kernels and by events."""
    by_kernels, by_events = {name: [] for name in calls}, {name: [] for name in calls}
    for _ in range(3):
        for call in calls.values():
            call()
    for times, samples in ((kernel_times_ms, by_kernels), (event_times_ms, by_events)):
        order = [name for _ in range(rounds) for name in random.sample(list(calls), len(calls))]
        for name, ms in zip(order, times(calls, order, flush)):
            samples[name].append(ms)
    return {name: (statistics.median(by_kernels[name]), statistics.median(by_events[name]))
            for name in calls}


def error_of(result, exact):
    return ((result.double() - exact).abs().max() / exact.abs().max()).item()


def check(workload, reference, tuned, x):
    """Returns the largest errors of both against fp64, relative to the largest value. Only a few
    members of a batch are compared."""
    some = x if x.dim() == 2 and x.shape[0] > 4096 else x[:2]
    exact = workload.checked(reference.double(), some.double())
    reference.to(x.dtype)
    return (error_of(workload.checked(tuned, some), exact),
            error_of(workload.checked(reference, some), exact))


def variants(reference, tuned, x, modes):
    """Returns callables by name. With channels, PyTorch also runs in channels-last order."""
    calls = {"ours": lambda: tuned(x)}
    layouts = {"": torch.contiguous_format}
    if x.dim() == 4:
        layouts[" nhwc"] = torch.channels_last
    for suffix, layout in layouts.items():
        if suffix:
            module = copy.deepcopy(reference).to(memory_format=layout)
            data = x.to(memory_format=layout)
        else:
            module, data = reference, x
        for mode in modes:
            torch._dynamo.reset()
            call = module if MODES[mode] is None else torch.compile(module, mode=MODES[mode])
            calls[mode + suffix] = lambda call=call, data=data: call(data)
    return calls


def copy_bandwidth():
    """Returns the bytes read and written per second by the best of ten copies of 4 GiB."""
    source = torch.zeros(1 << 30, dtype=torch.float32, device="cuda")
    to = torch.empty_like(source)
    times = []
    for _ in range(10):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        to.copy_(source)
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end))
    return 2 * 4 * source.numel() / (min(times) / 1e3)


def floor_ms(workload, math, bandwidth):
    size = 2 if math == "bf16" else 4
    return 1e3 * max(workload.flops / PEAK[math], workload.elements * size / bandwidth)


def compare(workload, math, arguments, flush, bandwidth):
    allow_tf32(math != "f32")
    torch.manual_seed(0)
    reference = workload.reference().cuda().to(dtype_of(math))
    x = torch.randn(*workload.shape, device="cuda").to(dtype_of(math))
    tuned = workload.tuned(reference, math == "tf32")
    our_error, their_error = check(workload, reference, tuned, x)
    times = measure(variants(reference, tuned, x, arguments.modes), arguments.rounds, flush)
    ours = times.pop("ours")
    best = min(times, key=lambda name: times[name][0])
    return {
        "workload": workload.key, "title": workload.title, "math": math,
        "ours_ms": ours[0], "ours_events_ms": ours[1],
        "torch_ms": {name: ms[0] for name, ms in times.items()},
        "torch_events_ms": {name: ms[1] for name, ms in times.items()},
        "best": best, "ratio": times[best][0] / ours[0],
        "events_ratio": min(ms[1] for ms in times.values()) / ours[1],
        "of_floor": floor_ms(workload, math, bandwidth) / ours[0],
        "our_error": our_error, "their_error": their_error,
    }


def print_row(row, modes):
    def fastest(mode):
        times = [ms for name, ms in row["torch_ms"].items() if name.split(" ")[0] == mode]
        return f"{min(times):10.4g}"

    print(f"{row['workload']:3s}{row['title']:34s}{row['math']:6s}{row['ours_ms']:10.4g}" +
          "".join(f"{fastest(mode):>14s}" for mode in modes) +
          f"{row['ratio']:10.2f}{row['best']:>20s}{100 * row['of_floor']:8.0f} %"
          f"{row['ours_events_ms']:10.4g}{row['events_ratio']:8.2f}"
          f"{row['our_error']:12.1e}{row['their_error']:10.1e}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", help="keys, separated by commas (default: all)")
    parser.add_argument("--maths", default="f32,tf32,bf16")
    parser.add_argument("--modes", default=",".join(MODES), help="of PyTorch: " + ", ".join(MODES))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--tuned", help="the folder that `tune emit` wrote")
    parser.add_argument("--json", help="write all figures to this file")
    arguments = parser.parse_args()
    arguments.modes = arguments.modes.split(",")
    for given, known, what in ((arguments.modes, MODES, "mode"),
                               (arguments.maths.split(","), PEAK, "math"),
                               ((arguments.workloads or "a").split(","),
                                {w.key for w in WORKLOADS}, "workload")):
        for word in given:
            if word not in known:
                parser.error(f"{what} '{word}' is unknown: use {', '.join(sorted(known))}")
    if not torch.cuda.is_available():
        sys.exit("compare.py: PyTorch finds no CUDA device")
    tilewright_ops.load(arguments.tuned)
    torch.backends.cudnn.benchmark = True
    bandwidth = copy_bandwidth()
    torch.cuda.empty_cache()
    flush, rows, wrong = Flush(), [], 0
    print(f"PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}, "
          f"{torch.cuda.get_device_name()}, copies at {bandwidth / 1e12:.3g} TB/s; "
          f"ms, median of {arguments.rounds} rounds")
    print(f"{'':37s}{'math':6s}{'ours':>10s}" +
          "".join(f"{mode:>14s}" for mode in arguments.modes) +
          f"{'best/ours':>10s}{'the best':>20s}{'of floor':>10s}{'events':>10s}{'ratio':>8s}"
          f"{'error':>12s}{'theirs':>10s}")
    with torch.no_grad():
        for workload in WORKLOADS:
            if arguments.workloads and workload.key not in arguments.workloads.split(","):
                continue
            for math in workload.maths:
                if math not in arguments.maths.split(","):
                    continue
                row = compare(workload, math, arguments, flush, bandwidth)
                # A result may round a few times more or less than PyTorch. It may also round
                # operands once if the math allows this and PyTorch does not do it (cuDNN uses fp32
                # for some convolutions).
                row["right"] = row["our_error"] <= max(3 * row["their_error"], ROUNDING[math])
                wrong += not row["right"]
                rows.append(row)
                print_row(row, arguments.modes)
                torch.cuda.empty_cache()
                if arguments.json:
                    with open(arguments.json, "w") as file:
                        json.dump(rows, file, indent=1)
    if wrong:
        sys.exit(f"compare.py: {wrong} results are further from fp64 than their math allows, and "
                 "than three times PyTorch's error")


if __name__ == "__main__":
    main()
