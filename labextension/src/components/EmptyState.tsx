import React from 'react';

/** What a section shows when there is nothing yet: a sentence and the way on. */
export function EmptyState(props: {
  message: string;
  action?: string;
  onAction?: () => void;
}): React.JSX.Element {
  return (
    <div className="jp-TinyTorch-empty">
      <p>{props.message}</p>
      {props.action && (
        <button
          type="button"
          className="jp-TinyTorch-button jp-mod-primary"
          onClick={props.onAction}
        >
          {props.action}
        </button>
      )}
    </div>
  );
}
