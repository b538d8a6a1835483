import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { ModuleEntry, Receipt } from '../api/types';
import { CommandIDs } from '../commands';
import { formatBytes, formatDate } from '../units';

/** Everything handed in for a module, the newest first; any of it can be had back. */
export function Receipts(props: {
  entry: ModuleEntry;
  receipts: readonly Receipt[];
  busy: boolean;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { busy, commands, entry, receipts, trans } = props;
  return (
    <details className="jp-TinyTorch-receipts">
      <summary>
        {trans._n('%1 submission', '%1 submissions', receipts.length)}
      </summary>
      <ol>
        {receipts.map(receipt => (
          <li key={receipt.id}>
            <p>
              {formatDate(receipt.received_at)}
              {receipt.digest === entry.digest && (
                <span className="jp-TinyTorch-hint">
                  {' '}
                  {trans.__('(what is saved)')}
                </span>
              )}
            </p>
            <p className="jp-TinyTorch-hint">
              {trans.__(
                'Receipt %1, %2',
                receipt.id.slice(0, 8),
                formatBytes(receipt.size, trans)
              )}
            </p>
            <button
              type="button"
              className="jp-TinyTorch-link"
              aria-disabled={busy}
              onClick={() => {
                if (!busy) {
                  void commands.execute(CommandIDs.restoreSubmission, {
                    module: entry.name,
                    receipt: receipt.id
                  });
                }
              }}
            >
              {trans.__(
                'Restore the submission of %1',
                formatDate(receipt.received_at)
              )}
            </button>
          </li>
        ))}
      </ol>
    </details>
  );
}
