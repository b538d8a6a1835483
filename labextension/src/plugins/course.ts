import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ApiClient } from '../api/client';
import { MilestonesModel } from '../milestones/model';
import { ModulesModel } from '../modules/model';
import { Notebooks } from '../notebook/notebooks';
import { TestsModel } from '../tests/model';
import { ThinkingModel } from '../thinking/model';
import { ITinyTorch, TRANSLATION_DOMAIN } from '../tokens';

/** The models that everything else shows. */
export const coursePlugin: JupyterFrontEndPlugin<ITinyTorch> = {
  id: 'tinytorch-lab:course',
  description: 'Keeps the state of the TinyTorch course.',
  autoStart: true,
  requires: [IDocumentManager],
  optional: [INotebookTracker, ITranslator],
  provides: ITinyTorch,
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentManager,
    tracker: INotebookTracker | null,
    translator: ITranslator | null
  ): ITinyTorch => {
    const { serverSettings, events } = app.serviceManager;
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const api = new ApiClient(serverSettings, trans);
    const modules = new ModulesModel(api);
    const notebooks = new Notebooks({
      documents,
      tracker,
      modules
    });
    const tests = new TestsModel(api, events);
    tests.finished.connect(() => void modules.refresh());
    return {
      milestones: new MilestonesModel(api, events, modules),
      modules,
      notebooks,
      tests,
      thinking: new ThinkingModel(notebooks)
    };
  }
};
