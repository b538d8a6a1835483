import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { warningIcon } from './statusIcons';
import { StatusIcon } from './StatusIcon';

/** Something went wrong: a sentence, and a way to try again where there is one. */
export function Notice(props: {
  message: string;
  onRetry?: () => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  return (
    <div className="jp-TinyTorch-notice" role="alert">
      <StatusIcon icon={warningIcon} state="warning" />
      <p>{props.message}</p>
      {props.onRetry && (
        <button
          type="button"
          className="jp-TinyTorch-button"
          onClick={props.onRetry}
        >
          {props.trans.__('Try again')}
        </button>
      )}
    </div>
  );
}
