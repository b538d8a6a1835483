import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { PromiseDelegate, type ReadonlyJSONObject } from '@lumino/coreutils';
import { Poll } from '@lumino/polling';
import type { Widget } from '@lumino/widgets';

import { ApiError } from '../api/connection';
import { MembershipsClient } from '../api/memberships';
import type { Membership } from '../api/types';
import { torchIcon } from '../icons';
import { TRANSLATION_DOMAIN } from '../tokens';

const OPEN = 'tinytorch-lab:open-grading';
const AREA = 'tinytorch-lab:grading';

/** The grading panel, for whoever grades a course; students have neither command nor card. */
export const gradingPlugin: JupyterFrontEndPlugin<void> = {
  id: AREA,
  description: 'Opens the grading panel of a TinyTorch course.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ILayoutRestorer, ICommandPalette, ILauncher, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const settings = app.serviceManager.serverSettings;
    const tracker = new WidgetTracker<Widget>({ namespace: AREA });
    const client = new MembershipsClient(settings, trans);
    const asked = new PromiseDelegate<void>();
    let graded: readonly Membership[] = [];
    // Loaded when it is first opened, so that JupyterLab starts without it.
    const makePanel = async (
      id: string,
      membership: Membership
    ): Promise<Widget> => {
      const { createPanel } = await import('../grading/panel');
      return createPanel({ id, membership, rendermime, settings, trans });
    };

    const opening = new Map<string, Promise<void>>();
    // The user may be faster than the restored layout; both mean the same panel.
    const open = async (id: string, membership: Membership): Promise<void> => {
      const add = async (): Promise<void> => {
        const panel = await makePanel(id, membership);
        await tracker.add(panel);
        app.shell.add(panel, 'main', { type: 'TinyTorch' });
      };
      if (!tracker.find(widget => widget.id === id)) {
        const added = opening.get(id) ?? add();
        opening.set(id, added);
        await added.finally(() => opening.delete(id));
      }
    };

    app.commands.addCommand(OPEN, {
      label: args =>
        typeof args.title === 'string'
          ? trans.__('Grade %1', args.title)
          : trans.__('Open the Grading Panel'),
      caption: trans.__('Overview, marking, jobs and reports of the course'),
      icon: torchIcon,
      isVisible: () => graded.length > 0,
      describedBy: {
        args: { type: 'object', properties: { course: { type: 'string' } } }
      },
      execute: async args => {
        await asked.promise;
        const membership =
          graded.find(({ course }) => course === args.course) ?? graded[0];
        if (!membership) {
          return;
        }
        const id = `${AREA}:${membership.course}`;
        await open(id, membership);
        app.shell.activateById(id);
      }
    });

    if (restorer) {
      void restorer.restore(tracker, {
        command: OPEN,
        args: widget => ({ course: widget.id.slice(AREA.length + 1) }),
        name: widget => widget.id,
        when: asked.promise
      });
    }
    const offer = (): void => {
      app.commands.notifyCommandChanged(OPEN);
      for (const { course, title } of graded) {
        const args: ReadonlyJSONObject =
          graded.length > 1 ? { course, title } : { course };
        const category = trans.__('TinyTorch');
        palette?.addItem({ command: OPEN, args, category });
        launcher?.add({ command: OPEN, args, category, rank: 2 });
      }
    };

    const poll = new Poll<void, ApiError>({
      name: AREA,
      factory: async () => {
        try {
          graded = await client.graded();
        } finally {
          // JupyterLab restores its layout only then, so an answer like "not now" has to do.
          asked.resolve();
        }
      },
      frequency: { interval: 5_000, backoff: true, max: 300_000 },
      standby: 'never'
    });
    poll.ticked.connect((_, { payload, phase }) => {
      // Without our server extension, asking again cannot help before Jupyter is restarted.
      const isMissing =
        payload instanceof ApiError && payload.kind === 'missing';
      if (phase === 'resolved' || phase === 'reconnected' || isMissing) {
        poll.dispose();
        offer();
      }
    });
  }
};
