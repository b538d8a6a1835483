import { MainAreaWidget } from '@jupyterlab/apputils';
import { type IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { infoIcon } from '@jupyterlab/ui-components';
import { Panel } from '@lumino/widgets';

import type { ModuleEntry } from '../api/types';
import type { ModulesModel } from './model';
import { moduleLabel } from './title';

/** Make a module's README as a tab called `id`; its text follows. */
export function createReadme(
  id: string,
  entry: ModuleEntry,
  modules: Pick<ModulesModel, 'readme'>,
  rendermime: IRenderMimeRegistry,
  trans: TranslationBundle
): MainAreaWidget {
  const content = new Panel();
  content.addClass('jp-TinyTorch-readme');
  content.node.tabIndex = 0;
  const panel = new MainAreaWidget({ content });
  panel.id = id;
  panel.title.label = moduleLabel(entry);
  panel.title.icon = infoIcon;
  panel.title.closable = true;
  void render(content, entry, modules, rendermime, trans);
  return panel;
}

async function render(
  content: Panel,
  entry: ModuleEntry,
  modules: Pick<ModulesModel, 'readme'>,
  rendermime: IRenderMimeRegistry,
  trans: TranslationBundle
): Promise<void> {
  let markdown: string;
  try {
    markdown = await modules.readme(entry.name);
  } catch (error) {
    markdown = trans.__(
      'The README cannot be shown: %1',
      (error as Error).message
    );
  }
  const renderer = rendermime.createRenderer('text/markdown');
  await renderer.renderModel(
    new MimeModel({ data: { 'text/markdown': markdown } })
  );
  content.addWidget(renderer);
}
