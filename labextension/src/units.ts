import type { TranslationBundle } from '@jupyterlab/translation';

/** A duration as people read it: "12 ms", "1.8 s". */
export function formatSeconds(
  seconds: number,
  trans: TranslationBundle
): string {
  if (seconds < 0.001) {
    return trans.__('under 1 ms');
  }
  return seconds < 1
    ? trans.__('%1 ms', significant(seconds * 1000))
    : trans.__('%1 s', significant(seconds));
}

/** An amount of memory as people read it: "640 B", "1.2 MB". */
export function formatBytes(bytes: number, trans: TranslationBundle): string {
  if (bytes < 1000) {
    return trans.__('%1 B', bytes);
  }
  if (bytes < 1e6) {
    return trans.__('%1 kB', significant(bytes / 1e3));
  }
  return bytes < 1e9
    ? trans.__('%1 MB', significant(bytes / 1e6))
    : trans.__('%1 GB', significant(bytes / 1e9));
}

/** Two significant digits below ten, whole numbers from there on. */
export function significant(value: number): string {
  return formatNumber(
    value >= 9.95 ? Math.round(value) : Number(value.toPrecision(2))
  );
}

/** Points with at most two digits behind the point. */
export function formatPoints(points: number): string {
  return formatNumber(Number(points.toFixed(2)));
}

/** All digits of a number, of those behind the point at least so many. */
export function formatNumber(value: number, minimumFractionDigits = 0): string {
  // What rounding leaves of a small negative number is no "-0".
  return (value + 0).toLocaleString(language(), {
    useGrouping: false,
    minimumFractionDigits,
    maximumFractionDigits: 20
  });
}

/** A moment as people read it: "Nov 21, 2025, 4:05 PM". */
export function formatMoment(date: string): string {
  return new Date(date).toLocaleString(language(), {
    dateStyle: 'medium',
    timeStyle: 'short'
  });
}

/** A moment not far from now: "Fri, Nov 21, 11:59 PM". */
export function formatDate(date: string): string {
  return new Date(date).toLocaleString(language(), {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: 'numeric',
    minute: '2-digit'
  });
}

/** JupyterLab's language, or else the browser's. */
function language(): string | undefined {
  return document.documentElement.lang || undefined;
}
