import React from 'react';

const WIDTH = 240;
const HEIGHT = 60;
/** Keeps a thick line at the rim inside the picture. */
const MARGIN = 3;

/** A point by its shares, 0 to 1, of the way to the right and upwards. */
export type PlotPoint = readonly [x: number, y: number];

/** A line through `points` that fills its box; `goal` is the height of a dashed line, `label` says it all in words. */
export function LinePlot(props: {
  label: string;
  points: readonly PlotPoint[];
  goal?: number;
}): React.JSX.Element {
  const { label, points, goal } = props;
  const height = (y: number): number => (1 - y) * HEIGHT;
  const line = points.map(([x, y]) => `${x * WIDTH},${height(y)}`).join(' ');
  return (
    <svg
      className="jp-TinyTorch-linePlot"
      role="img"
      aria-label={label}
      viewBox={`${-MARGIN} ${-MARGIN} ${WIDTH + 2 * MARGIN} ${HEIGHT + 2 * MARGIN}`}
      preserveAspectRatio="none"
    >
      <title>{label}</title>
      {goal !== undefined && (
        <line x1="0" x2={WIDTH} y1={height(goal)} y2={height(goal)} />
      )}
      <polyline points={line} />
    </svg>
  );
}
