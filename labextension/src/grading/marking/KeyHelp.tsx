import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { keyHelp } from './keys';

/** All keys with what they do. */
export function KeyHelp({
  trans
}: {
  trans: TranslationBundle;
}): React.JSX.Element {
  return (
    <section
      className="jp-TinyTorch-keyHelp"
      aria-label={trans.__('Keys while marking')}
    >
      <dl>
        {keyHelp(trans).map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
