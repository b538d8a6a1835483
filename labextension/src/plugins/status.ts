import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { createStatusItem } from '../status';
import { ITinyTorch, TRANSLATION_DOMAIN } from '../tokens';

/** The current module in the status bar, where there is one. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'tinytorch-lab:status',
  description: 'Shows the current TinyTorch module in the status bar.',
  autoStart: true,
  requires: [ITinyTorch],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tinytorch: ITinyTorch,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    statusBar?.registerStatusItem('tinytorch-lab:status', {
      item: createStatusItem({
        modules: tinytorch.modules,
        notebooks: tinytorch.notebooks,
        submissions: tinytorch.submissions,
        commands: app.commands,
        trans
      }),
      align: 'left',
      rank: 100
    });
  }
};
