import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { addCommands, CommandIDs } from '../commands';
import { addMilestoneCommands } from '../milestones/commands';
import { TinyTorchSidebar } from '../sidebar';
import { ITinyTorch, TRANSLATION_DOMAIN } from '../tokens';

const RANK = 520;

/** The sidebar and the commands; its id names the settings with menu and shortcuts. */
export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'tinytorch-lab:plugin',
  description: 'Shows the TinyTorch course in the left sidebar.',
  autoStart: true,
  requires: [ITinyTorch],
  optional: [ILabShell, ILayoutRestorer, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tinytorch: ITinyTorch,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    optionalTranslator: ITranslator | null
  ): void => {
    const translator = optionalTranslator ?? nullTranslator;
    const trans = translator.load(TRANSLATION_DOMAIN);
    const { commands, shell } = app;
    const sidebar = new TinyTorchSidebar({
      app: tinytorch,
      commands,
      translator
    });
    const show = (): void => {
      if (labShell) {
        labShell.expandLeft();
      }
      shell.activateById(sidebar.id);
    };
    commands.addCommand(CommandIDs.showSidebar, {
      label: trans.__('Show TinyTorch Sidebar'),
      caption: trans.__(
        'Show the modules, tests, questions and milestones of the course'
      ),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: show
    });
    const reveal = (unfold: () => void) => (): void => {
      if (!sidebar.isVisible) {
        show();
      }
      unfold();
    };
    const showTests = reveal(() => {
      sidebar.showTests();
    });
    const showMilestones = reveal(() => {
      sidebar.showMilestones();
    });
    addCommands(commands, tinytorch, showTests, trans);
    addMilestoneCommands(commands, tinytorch.milestones, showMilestones, trans);
    shell.add(sidebar, 'left', { rank: RANK, type: 'TinyTorch' });
    restorer?.add(sidebar, sidebar.id);
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({ command, category: trans.__('TinyTorch Lab') });
    }
  }
};
