import { Notification } from '@jupyterlab/apputils';
import { fileUploadIcon } from '@jupyterlab/ui-components';

import { CommandIDs, isStarted } from '../commands';
import type { ModuleCommandsContext } from '../modules/commands';

/** Register what hands in, restores and shows what came back. */
export function addSubmissionCommands(context: ModuleCommandsContext): void {
  const { add, app, show, trans } = context;
  const { submissions } = app;
  submissions.news.connect((_, sentence) => {
    Notification.info(sentence, { autoClose: false });
  }, context);
  add(CommandIDs.submitModule, {
    label: trans.__('Submit Module…'),
    caption: trans.__('Hand in the notebook of a module'),
    icon: fileUploadIcon,
    isEnabled: entry =>
      isStarted(entry) && submissions.find(entry.name) !== undefined,
    execute: async entry => {
      show('submission');
      const { submit } = await import('./submitting');
      await submit(context, entry);
    }
  });
  add(CommandIDs.restoreSubmission, {
    label: trans.__('Restore Submission…'),
    caption: trans.__('Put an earlier submission back as the notebook'),
    args: {
      receipt: {
        type: 'string',
        description: trans.__('The id of the submission’s receipt')
      }
    },
    execute: async (entry, { receipt }) => {
      const { restore } = await import('./submitting');
      if (typeof receipt === 'string') {
        await restore(context, entry, receipt);
      }
    }
  });
  add(CommandIDs.showFeedback, {
    label: trans.__('Show Feedback'),
    caption: trans.__('Show what came back on a module'),
    isEnabled: entry => submissions.find(entry.name)?.state === 'returned',
    execute: async () => {
      show('submission');
      return Promise.resolve();
    }
  });
}
