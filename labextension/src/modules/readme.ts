import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { type IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { infoIcon } from '@jupyterlab/ui-components';
import { Panel } from '@lumino/widgets';

import type { ModuleEntry } from '../api/types';
import { CommandIDs } from '../commands';
import { moduleLabel } from './title';
import type { ModulesModel } from './model';

/** A module's README beside the notebooks. */
class ReadmePanel extends MainAreaWidget<Panel> {
  constructor(
    readonly module: string,
    title: string
  ) {
    super({ content: new Panel() });
    this.id = `tinytorch-lab-readme-${module}`;
    this.title.label = title;
    this.title.icon = infoIcon;
    this.title.closable = true;
    this.content.addClass('jp-TinyTorch-readme');
    this.content.node.tabIndex = 0;
  }
}

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
      args: panel => ({ module: panel.module }),
      name: panel => panel.module,
      when: this._modules.ready
    });
  }

  /** Show the module's README. */
  show(entry: ModuleEntry): void {
    const open = this._tracker.find(panel => panel.module === entry.name);
    const panel = open ?? this._add(entry);
    this._app.shell.activateById(panel.id);
  }

  private _add(entry: ModuleEntry): ReadmePanel {
    const panel = new ReadmePanel(entry.name, moduleLabel(entry));
    this._app.shell.add(panel, this._area, { type: 'TinyTorch README' });
    void this._tracker.add(panel);
    void this._render(panel);
    return panel;
  }

  private async _render(panel: ReadmePanel): Promise<void> {
    let markdown: string;
    try {
      markdown = await this._modules.readme(panel.module);
    } catch (error) {
      markdown = this._trans.__(
        'The README cannot be shown: %1',
        (error as Error).message
      );
    }
    const renderer = this._rendermime.createRenderer('text/markdown');
    await renderer.renderModel(
      new MimeModel({ data: { 'text/markdown': markdown } })
    );
    panel.content.addWidget(renderer);
  }

  private readonly _tracker = new WidgetTracker<ReadmePanel>({
    namespace: 'tinytorch-lab-readme'
  });
}
