import type { TranslationBundle } from '@jupyterlab/translation';
import React, { type ReactNode, useEffect } from 'react';

import { Notice } from '../../components/Notice';
import type { Loadable } from '../loadable';
import { useChanges } from './useChanges';

/** What is made from something of the server: asked for when first shown, and a sentence until it is there. */
export function Loaded<T>(props: {
  of: Loadable<T>;
  children: (value: T) => ReactNode;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { children, of, trans } = props;
  useChanges(of.changed);
  useEffect(() => {
    void of.ensure();
  }, [of]);
  return (
    <>
      {of.error && (
        <Notice
          message={of.error.message}
          onRetry={() => void of.load()}
          trans={trans}
        />
      )}
      {of.value === null && of.isLoading && (
        <p className="jp-TinyTorch-hint" role="status">
          {trans.__('Loading…')}
        </p>
      )}
      {of.value !== null && children(of.value)}
    </>
  );
}
