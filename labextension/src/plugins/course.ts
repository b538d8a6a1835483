import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ApiClient } from '../api/client';
import { MilestonesModel } from '../milestones/model';
import { ModulesModel } from '../modules/model';
import { Notebooks } from '../notebook/notebooks';
import { PackageModel } from '../package/model';
import { Settings } from '../settings';
import { SubmissionsModel } from '../submission/model';
import { TestsModel } from '../tests/model';
import { Staleness } from '../tests/staleness';
import { ThinkingModel } from '../thinking/model';
import { ITinyTorch, TRANSLATION_DOMAIN } from '../tokens';

/** The settings' id, which is that of the plugin whose schema describes them. */
const SETTINGS_ID = 'tinytorch-lab:plugin';

/** The models that everything else shows. */
export const coursePlugin: JupyterFrontEndPlugin<ITinyTorch> = {
  id: 'tinytorch-lab:course',
  description: 'Keeps the state of the TinyTorch course.',
  autoStart: true,
  requires: [IDocumentManager],
  optional: [INotebookTracker, ISettingRegistry, ITranslator],
  provides: ITinyTorch,
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentManager,
    tracker: INotebookTracker | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ): ITinyTorch => {
    const { contents, serverSettings, events } = app.serviceManager;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const api = new ApiClient(serverSettings, trans);
    const modules = new ModulesModel(api);
    const notebooks = new Notebooks({
      contents,
      documents,
      tracker,
      modules,
      trans
    });
    const tests = new TestsModel(api, events);
    const settings = new Settings(registry?.load(SETTINGS_ID) ?? null);
    const submissions = new SubmissionsModel(api);
    tests.finished.connect(() => void modules.refresh());
    modules.reconnected.connect(() => {
      void submissions.refresh();
      if (notebooks.current) {
        void tests.load(notebooks.current.name);
      }
    });
    const staleness = new Staleness(notebooks);
    notebooks.saved.connect((_, module) => {
      if (settings.values.runTestsOnSave) {
        void runChanged(module, { notebooks, staleness, tests });
      }
    });
    return {
      milestones: new MilestonesModel(api, events, modules),
      modules,
      notebooks,
      package: new PackageModel(api, modules),
      settings,
      staleness,
      submissions,
      tests,
      thinking: new ThinkingModel(notebooks, modules)
    };
  }
};

/** Run the tests of a module that has just been saved, unless all results are of the code as it is. */
async function runChanged(
  module: string,
  {
    notebooks,
    staleness,
    tests
  }: Pick<ITinyTorch, 'notebooks' | 'staleness' | 'tests'>
): Promise<void> {
  const rows = tests.state(module).run?.rows ?? [];
  const known = rows.length > 0 && module === notebooks.current?.name;
  const changed = !known || staleness.anyStale(rows);
  if (changed && !tests.isBusy(module)) {
    await tests.run(module, () => Promise.resolve());
  }
}
