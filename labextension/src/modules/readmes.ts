import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ModuleEntry } from '../api/types';
import { CommandIDs } from '../commands';
import type { ModulesModel } from './model';

const PREFIX = 'tinytorch-lab-readme-';

/** Shows READMEs, one tab for each module. */
export class Readmes {
  constructor(
    private readonly _app: JupyterFrontEnd,
    private readonly _modules: ModulesModel,
    private readonly _rendermime: IRenderMimeRegistry,
    private readonly _area: 'main' | 'right',
    private readonly _trans: TranslationBundle
  ) {}

  /** Let open READMEs come back after a reload. */
  restoreWith(restorer: ILayoutRestorer): void {
    void restorer.restore(this._tracker, {
      command: CommandIDs.showReadme,
      args: panel => ({ module: panel.id.slice(PREFIX.length) }),
      name: panel => panel.id,
      when: this._modules.ready
    });
  }

  /** Show the module's README. */
  async show(entry: ModuleEntry): Promise<void> {
    const id = PREFIX + entry.name;
    const { createReadme } = await import('./readme');
    if (!this._tracker.find(panel => panel.id === id)) {
      const panel = createReadme(
        id,
        entry,
        this._modules,
        this._rendermime,
        this._trans
      );
      this._app.shell.add(panel, this._area, { type: 'TinyTorch README' });
      await this._tracker.add(panel);
    }
    this._app.shell.activateById(id);
  }

  private readonly _tracker = new WidgetTracker({
    namespace: 'tinytorch-lab-readme'
  });
}
