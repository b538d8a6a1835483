import React from 'react';

/** A thin bar; `label` tells screen readers what it measures. */
export function ProgressBar(props: {
  label: string;
  value: number;
  max: number;
}): React.JSX.Element {
  const share = props.max > 0 ? props.value / props.max : 0;
  return (
    <div
      className="jp-TinyTorch-progress"
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={props.max}
      aria-valuenow={props.value}
    >
      <div
        className="jp-TinyTorch-progressFill"
        style={{ width: `${(share * 100).toFixed(1)}%` }}
      />
    </div>
  );
}
