// Numbers for readers, rounded as `tune` rounds them.

function significant(value, digits) {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.max(0, digits - 1 - magnitude));
}

function timeUnit(ns) {
  return [[1e9, "s"], [1e6, "ms"], [1e3, "us"], [1, "ns"]].find(([scale]) => ns >= scale) ??
    [1, "ns"];
}

function formatTime(ns, digits = 4) {
  if (!(ns > 0)) return "-";
  const [scale, unit] = timeUnit(ns);
  return `${significant(ns / scale, digits)} ${unit}`;
}

// A time on an axis: as many digits as its ticks need.
function formatTick(ns) {
  const [scale, unit] = timeUnit(ns * 1.0000001);
  return `${Number((ns / scale).toPrecision(4))} ${unit}`;
}

function formatCount(value) {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 15 });
}

function formatPercent(part, digits = 3) {
  return `${significant(100 * part, digits)} %`;
}

function formatTimes(ratio) {
  return ratio === null ? "-" : ratio.toFixed(2);
}

function formatRate(perSecond) {
  const [scale, prefix] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]
    .find(([least]) => perSecond >= least) ?? [1, ""];
  return `${significant(perSecond / scale, 3)} ${prefix}FLOP/s`;
}

function formatDuration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = value => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} m`;
}

function plural(count, one, many = `${one}s`) {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
