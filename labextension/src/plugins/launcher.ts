import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import { torchIcon } from '../icons';
import { moduleLabel } from '../modules/title';
import { ITinyTorch, TRANSLATION_DOMAIN } from '../tokens';

const COMMAND = 'tinytorch-lab:continue';

/** A card in the launcher that goes on where the student stopped. */
export const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: 'tinytorch-lab:launcher',
  description: 'Adds a card for the TinyTorch course to the launcher.',
  autoStart: true,
  requires: [ITinyTorch],
  optional: [ILauncher, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tinytorch: ITinyTorch,
    launcher: ILauncher | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const { commands } = app;
    const { modules } = tinytorch;
    commands.addCommand(COMMAND, {
      label: trans.__('TinyTorch'),
      caption: () =>
        modules.open
          ? trans.__('Go on with %1', moduleLabel(modules.open))
          : trans.__('Show the TinyTorch course'),
      icon: torchIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        await commands.execute(CommandIDs.showSidebar);
        const entry = modules.open;
        if (entry) {
          await commands.execute(CommandIDs.openModule, { module: entry.name });
        }
      }
    });
    launcher?.add({
      command: COMMAND,
      category: trans.__('TinyTorch'),
      rank: 1
    });
  }
};
