import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import {
  ARGUMENT_ONLY,
  CommandIDs,
  moduleCommands,
  NO_ARGS
} from '../commands';
import { rememberFolding } from '../folding';
import { addMilestoneCommands } from '../milestones/commands';
import {
  addModuleCommands,
  type ModuleCommandsContext
} from '../modules/commands';
import { Readmes } from '../modules/readmes';
import { addResetCommands } from '../modules/resetting';
import { type SectionName, TinyTorchSidebar } from '../sidebar';
import { addSubmissionCommands } from '../submission/commands';
import { addTestCommands } from '../tests/commands';
import { ITinyTorch, TRANSLATION_DOMAIN } from '../tokens';

const RANK = 520;

/** The sidebar and the commands; its id names the settings with menu and shortcuts. */
export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'tinytorch-lab:plugin',
  description: 'Shows the TinyTorch course in the left sidebar.',
  autoStart: true,
  requires: [ITinyTorch, IRenderMimeRegistry],
  optional: [
    ILabShell,
    ILayoutRestorer,
    IStateDB,
    ICommandPalette,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    tinytorch: ITinyTorch,
    rendermime: IRenderMimeRegistry,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    palette: ICommandPalette | null,
    optionalTranslator: ITranslator | null
  ): void => {
    const translator = optionalTranslator ?? nullTranslator;
    const trans = translator.load(TRANSLATION_DOMAIN);
    const { commands, shell } = app;
    const sidebar = new TinyTorchSidebar({
      app: tinytorch,
      commands,
      rendermime,
      translator
    });
    const showSidebar = (): void => {
      labShell?.expandLeft();
      shell.activateById(sidebar.id);
    };
    commands.addCommand(CommandIDs.showSidebar, {
      label: trans.__('Show TinyTorch Sidebar'),
      caption: trans.__(
        'Show the modules, tests, questions and milestones of the course'
      ),
      describedBy: { args: NO_ARGS },
      execute: () => {
        showSidebar();
        sidebar.focus();
      }
    });
    const show = (section: SectionName): void => {
      if (!sidebar.isVisible) {
        showSidebar();
      }
      sidebar.unfold(section);
    };
    const readmes = new Readmes(
      app,
      tinytorch.modules,
      rendermime,
      labShell ? 'main' : 'right',
      trans
    );
    const context: ModuleCommandsContext = {
      app: tinytorch,
      commands,
      add: moduleCommands(commands, tinytorch, trans),
      show,
      showReadme: entry => readmes.show(entry),
      trans
    };
    addModuleCommands(context);
    addTestCommands(context);
    addResetCommands(context);
    addSubmissionCommands(context);
    addMilestoneCommands(
      commands,
      tinytorch.milestones,
      () => {
        show('milestones');
      },
      trans
    );
    shell.add(sidebar, 'left', { rank: RANK, type: 'TinyTorch' });
    if (state) {
      void rememberFolding(sidebar, state);
    }
    if (restorer) {
      restorer.add(sidebar, sidebar.id);
      readmes.restoreWith(restorer);
    }
    for (const command of Object.values(CommandIDs)) {
      if (!ARGUMENT_ONLY.includes(command)) {
        palette?.addItem({ command, category: trans.__('TinyTorch Lab') });
      }
    }
  }
};
