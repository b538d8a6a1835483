import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ITinyTorch, TRANSLATION_DOMAIN } from '../tokens';

/** How each test ended, on its cell in the notebook. */
export const badgesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'tinytorch-lab:badges',
  description: 'Shows on each test cell how its test ended.',
  autoStart: true,
  requires: [ITinyTorch],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tinytorch: ITinyTorch,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const { notebooks } = tinytorch;
    const start = async (): Promise<void> => {
      if (notebooks.panel) {
        notebooks.changed.disconnect(onChanged);
        const { Badges } = await import('../badges/badges');
        new Badges(tinytorch, app.commands, trans);
      }
    };
    const onChanged = () => void start();
    notebooks.changed.connect(onChanged);
    onChanged();
  }
};
