import { runIcon } from '@jupyterlab/ui-components';

import { CommandIDs, isStarted } from '../commands';
import type { ModuleCommandsContext } from '../modules/commands';

/** Register what runs and cancels tests. */
export function addTestCommands(context: ModuleCommandsContext): void {
  const { add, app, show, trans } = context;
  const { notebooks, tests } = app;
  add(CommandIDs.runTests, {
    label: trans.__('Run Tests'),
    caption: trans.__('Save the notebook and run the module’s tests'),
    icon: runIcon,
    args: {
      test: {
        type: 'string',
        description: trans.__('The grade id of one test; without it, all')
      }
    },
    isEnabled: entry => isStarted(entry) && !tests.isRunning(entry.name),
    execute: async (entry, { test }) => {
      show('tests');
      await tests.run(
        entry.name,
        () => notebooks.save(entry.name),
        typeof test === 'string' ? test : undefined
      );
    }
  });
  add(CommandIDs.cancelTests, {
    label: trans.__('Cancel Tests'),
    caption: trans.__('Stop the module’s tests'),
    isEnabled: entry => tests.isRunning(entry.name),
    execute: entry => tests.cancel(entry.name)
  });
}
