import { runIcon } from '@jupyterlab/ui-components';

import { CommandIDs, isStarted } from '../commands';
import type { ModuleCommandsContext } from '../modules/commands';

/** Register what runs and cancels tests. */
export function addTestCommands(context: ModuleCommandsContext): void {
  const { add, app, show, trans } = context;
  const { notebooks, tests } = app;
  const args = {
    test: {
      type: 'string',
      description: trans.__('The grade id of one test; without it, all')
    }
  };
  add(CommandIDs.runTests, {
    label: trans.__('Run Tests'),
    caption: trans.__('Save the notebook and run the module’s tests'),
    icon: runIcon,
    args,
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
  add(CommandIDs.showTest, {
    label: trans.__('Show Test'),
    caption: trans.__('Show the row of a test in the sidebar'),
    args,
    execute: (entry, { test }) => {
      show('tests');
      tests.reveal(entry.name, test as string);
      return Promise.resolve();
    }
  });
  add(CommandIDs.cancelTests, {
    label: trans.__('Cancel Tests'),
    caption: trans.__('Stop the module’s tests'),
    isEnabled: entry => tests.isRunning(entry.name),
    execute: entry => tests.cancel(entry.name)
  });
}
