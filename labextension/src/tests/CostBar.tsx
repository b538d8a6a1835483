import React from 'react';

/** A cost beside the reference's: the bar is the student's, the line across it the reference's. */
export function CostBar(props: {
  value: number;
  reference: number;
}): React.JSX.Element {
  const { reference, value } = props;
  const longest = Math.max(value, reference);
  const share = (cost: number) => `${((100 * cost) / longest).toFixed(1)}%`;
  return (
    // The words beside it say the same.
    <span className="jp-TinyTorch-cost" aria-hidden="true">
      <span
        className={`jp-TinyTorch-costBar ${value > reference ? 'jp-mod-more' : ''}`}
        style={{ width: share(value) }}
      />
      <span
        className="jp-TinyTorch-costReference"
        style={{ insetInlineStart: share(reference) }}
      />
    </span>
  );
}
