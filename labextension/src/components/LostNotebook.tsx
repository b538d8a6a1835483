import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { ModuleEntry } from '../api/types';
import { CommandIDs } from '../commands';
import { moduleLabel } from '../modules/title';
import { EmptyState } from './EmptyState';

/** Shown for a module whose notebook was there and is not any more. */
export function LostNotebook(props: {
  entry: ModuleEntry;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { commands, entry, trans } = props;
  return (
    <EmptyState
      message={trans.__(
        'The notebook of %1 was renamed or deleted. Bring it back to modules/%2/%2.ipynb, or start the module again.',
        moduleLabel(entry),
        entry.name
      )}
      action={trans.__('Start %1 again', moduleLabel(entry))}
      onAction={() =>
        void commands.execute(CommandIDs.startModule, { module: entry.name })
      }
    />
  );
}
