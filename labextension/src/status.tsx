import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { ModuleEntry } from './api/types';
import { CommandIDs } from './commands';
import { moduleLabel } from './modules/title';
import type { ModulesModel } from './modules/model';
import type { Notebooks } from './notebook/notebooks';
import { differs, dueInLabel } from './submission/brief';
import type { SubmissionsModel } from './submission/model';

/** What the status item is made from. */
export interface IStatusItemProps {
  modules: Pick<ModulesModel, 'changed'>;
  notebooks: Pick<Notebooks, 'changed' | 'current'>;
  submissions: Pick<SubmissionsModel, 'changed' | 'find'>;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The current module and its tests in the status bar; a click opens the sidebar. */
export function createStatusItem(props: IStatusItemProps): ReactWidget {
  const item = ReactWidget.create(
    <UseSignal signal={props.modules.changed}>
      {() => (
        <UseSignal signal={props.notebooks.changed}>
          {() => (
            <UseSignal signal={props.submissions.changed}>
              {() => <StatusButton {...props} />}
            </UseSignal>
          )}
        </UseSignal>
      )}
    </UseSignal>
  );
  item.addClass('jp-TinyTorch-status');
  return item;
}

function StatusButton(props: IStatusItemProps): React.JSX.Element {
  const { commands, notebooks, trans } = props;
  const entry = notebooks.current;
  return (
    <button
      type="button"
      title={trans.__('Show the TinyTorch sidebar')}
      onClick={() => void commands.execute(CommandIDs.showSidebar)}
    >
      {entry
        ? [statusText(entry, trans), ...courseFacts(entry, props)].join(' · ')
        : trans.__('TinyTorch')}
    </button>
  );
}

/** What the course has to say of the module, in few words. */
function courseFacts(
  entry: ModuleEntry,
  { submissions, trans }: IStatusItemProps
): string[] {
  const assignment = submissions.find(entry.name);
  if (!assignment) {
    return [];
  }
  if (assignment.submission !== null) {
    return [
      differs(entry, assignment)
        ? trans.__('saved, not submitted')
        : trans.__('submitted')
    ];
  }
  const left =
    assignment.due_at === null
      ? null
      : Date.parse(assignment.due_at) - Date.now();
  if (left === null) {
    return [];
  }
  return [left >= 0 ? dueInLabel(left, trans) : trans.__('overdue')];
}

function statusText(entry: ModuleEntry, trans: TranslationBundle): string {
  return entry.tests_total > 0
    ? trans.__(
        'TinyTorch: %1 · %2/%3 tests',
        moduleLabel(entry),
        entry.tests_passed,
        entry.tests_total
      )
    : trans.__('TinyTorch: %1', moduleLabel(entry));
}
