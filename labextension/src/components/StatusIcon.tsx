import type { LabIcon } from '@jupyterlab/ui-components';
import React from 'react';

/** An icon beside words that say the same; `state` becomes its colour. */
export function StatusIcon(props: {
  icon: LabIcon;
  state: string;
}): React.JSX.Element {
  return (
    <span
      className={`jp-TinyTorch-statusIcon jp-mod-${props.state}`}
      aria-hidden="true"
    >
      <props.icon.react tag={null} />
    </span>
  );
}
