import {
  Dialog,
  Notification,
  ReactWidget,
  showDialog
} from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { ModuleEntry, Receipt, SubmissionState } from '../api/types';
import { NOTICE_MS } from '../commands';
import {
  announceBackup,
  type ModuleCommandsContext
} from '../modules/commands';
import { moduleLabel } from '../modules/title';
import { formatBytes, formatDate } from '../units';
import { ReadinessList } from './ReadinessList';

/** Save the notebook, say what is missing in it, and hand it in once that is confirmed. */
export async function submit(
  { app, trans }: ModuleCommandsContext,
  entry: ModuleEntry
): Promise<void> {
  const { modules, notebooks, submissions } = app;
  await notebooks.save(entry.name);
  await submissions.load(entry.name);
  const { submission } = submissions.handIn(entry.name);
  // Why there is none stands in the section.
  if (!submission || !(await confirmSubmit(entry, submission, trans))) {
    return;
  }
  const receipt = await submissions.submit(entry.name);
  await modules.refresh();
  if (receipt) {
    announceReceipt(entry, receipt, trans);
  }
}

function announceReceipt(
  entry: ModuleEntry,
  receipt: Receipt,
  trans: TranslationBundle
): void {
  Notification.success(
    trans.__(
      '%1 is submitted. Receipt %2, received %3; it is kept in your workspace.',
      moduleLabel(entry),
      receipt.id.slice(0, 8),
      formatDate(receipt.received_at)
    ),
    { autoClose: NOTICE_MS }
  );
}

/** Put an earlier submission back as the notebook, once that is confirmed. */
export async function restore(
  { app, trans }: ModuleCommandsContext,
  entry: ModuleEntry,
  receipt: string
): Promise<void> {
  const { modules, notebooks, submissions } = app;
  if (!(await confirmRestore(entry, trans))) {
    return;
  }
  // The backup is to hold what is on the screen.
  await notebooks.save(entry.name);
  const opened = await submissions.restore(entry.name, receipt, () =>
    notebooks.revert(entry.name)
  );
  if (opened) {
    await modules.refresh();
    announceBackup(opened.backup, trans);
  }
}

async function confirmSubmit(
  entry: ModuleEntry,
  submission: SubmissionState,
  trans: TranslationBundle
): Promise<boolean> {
  const { readiness } = submission;
  const body = ReactWidget.create(
    <div className="jp-TinyTorch jp-TinyTorch-confirm">
      <p>
        {trans.__(
          '%1, saved %2, %3',
          PathExt.basename(entry.path ?? entry.name),
          formatDate(readiness.saved_at),
          formatBytes(readiness.size, trans)
        )}
      </p>
      <ReadinessList submission={submission} trans={trans} />
      <p>
        {submission.complete
          ? trans.__('Nothing is missing.')
          : trans.__(
              'You can submit all the same, and submit again later; the last submission counts, also when it is late.'
            )}
      </p>
    </div>
  );
  const result = await showDialog({
    title: trans.__('Submit %1?', moduleLabel(entry)),
    body,
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Submit') })
    ]
  });
  return result.button.accept;
}

async function confirmRestore(
  entry: ModuleEntry,
  trans: TranslationBundle
): Promise<boolean> {
  const result = await showDialog({
    title: trans.__('Restore a submission of %1?', moduleLabel(entry)),
    body: trans.__(
      'The submitted notebook replaces the present one, which is kept as a backup in the folder .tinytorch/backups/%1 of your workspace.',
      entry.name
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Restore') })
    ]
  });
  return result.button.accept;
}
