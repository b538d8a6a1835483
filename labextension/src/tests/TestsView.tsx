import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { ModuleEntry, TestRun } from '../api/types';
import { CommandIDs } from '../commands';
import { EmptyState } from '../components/EmptyState';
import { LostNotebook } from '../components/LostNotebook';
import { Notice } from '../components/Notice';
import { moduleLabel } from '../modules/title';
import { findCell } from '../notebook/cells';
import type { Notebooks } from '../notebook/notebooks';
import { formatSeconds } from '../units';
import { HistoryPlot } from './HistoryPlot';
import type { TestsModel, TestsState } from './model';
import { type INoticesProps, Notices } from './Notices';
import { shownRows, totals } from './rows';
import type { Staleness } from './staleness';
import { TestItem } from './TestItem';

/** What the section of tests is made from. */
export interface ITestsViewProps {
  model: TestsModel;
  staleness: Pick<Staleness, 'changed' | 'isStale'>;
  notebooks: Pick<Notebooks, 'changed' | 'current' | 'panel' | 'reveal'>;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** The tests of the current module. */
export function TestsView(props: ITestsViewProps): React.JSX.Element {
  const { notebooks, trans } = props;
  return (
    <UseSignal signal={notebooks.changed}>
      {() =>
        notebooks.current ? (
          <ModuleTests
            {...props}
            key={notebooks.current.name}
            entry={notebooks.current}
          />
        ) : (
          <EmptyState
            message={trans.__('Open a module to see and run its tests.')}
          />
        )
      }
    </UseSignal>
  );
}

type ModuleTestsProps = ITestsViewProps & { entry: ModuleEntry };

function ModuleTests(props: ModuleTestsProps): React.JSX.Element {
  const { commands, model, entry, trans } = props;
  React.useEffect(() => {
    void model.load(entry.name);
  }, [model, entry.name]);
  if (entry.path === null) {
    return <LostNotebook {...{ commands, entry, trans }} />;
  }
  return (
    <UseSignal
      signal={model.changed}
      shouldUpdate={(_, module) => module === entry.name}
    >
      {() => <Run {...props} state={model.state(entry.name)} />}
    </UseSignal>
  );
}

function Run(
  props: ModuleTestsProps & { state: TestsState }
): React.JSX.Element {
  const { entry, model, state, trans } = props;
  const { run, error } = state;
  return (
    <div className="jp-TinyTorch-section">
      <div className="jp-TinyTorch-testsHead">
        <h3 className="jp-TinyTorch-moduleName">{moduleLabel(entry)}</h3>
        <RunButton {...props} />
      </div>
      {error && (
        <Notice
          message={error.message}
          onRetry={() => void model.load(entry.name)}
          trans={trans}
        />
      )}
      {run && (run.reason || run.state === 'failed') && (
        <Notice
          message={run.reason || trans.__('The tests could not be run.')}
          trans={trans}
        />
      )}
      <p className="jp-TinyTorch-summary" role="status" data-run={run?.run_id}>
        {summary(run, trans)}
      </p>
      {run && run.notices.length > 0 && (
        <Notices
          {...cellLinks(props, run)}
          notices={run.notices}
          trans={trans}
        />
      )}
      {run && (
        <UseSignal signal={props.staleness.changed}>
          {() => <Rows {...props} run={run} />}
        </UseSignal>
      )}
      <HistoryPlot runs={state.history} trans={trans} />
    </div>
  );
}

/** How a run's cells are numbered and shown in the open notebook. */
function cellLinks(
  props: ModuleTestsProps,
  run: TestRun
): Pick<INoticesProps, 'cellNumber' | 'onShowCell'> {
  const { entry, notebooks } = props;
  const shared = notebooks.panel?.content.model?.sharedModel;
  const cellNumber = (cellId: string): number | null => {
    const index = shared ? findCell(shared, cellId) : -1;
    return index < 0 ? null : index + 1;
  };
  const onShowCell = (cellId: string): void => {
    const row = run.rows.find(other => other.cell_id === cellId);
    void notebooks.reveal(entry.name, notebook =>
      findCell(notebook, cellId, row?.grade_id)
    );
  };
  return { cellNumber, onShowCell };
}

function Rows(
  props: ModuleTestsProps & { run: TestRun; state: TestsState }
): React.JSX.Element {
  const { commands, entry, model, run, staleness, state, trans } = props;
  const list = React.useRef<HTMLOListElement>(null);
  React.useEffect(() => {
    const row = [...(list.current?.children ?? [])].find(
      other => (other as HTMLElement).dataset.test === state.revealed
    );
    if (row) {
      row.scrollIntoView({ block: 'nearest' });
      row.querySelector('button')?.focus();
      model.reveal(entry.name, null);
    }
  }, [entry.name, model, state.revealed]);
  const links = cellLinks(props, run);
  const idle = run.state !== 'running' && !state.requesting;
  const runOne = (test: string) => (): void => {
    void commands.execute(CommandIDs.runTests, { module: entry.name, test });
  };
  return (
    <ol
      ref={list}
      className="jp-TinyTorch-tests"
      aria-label={trans.__('Tests of %1', moduleLabel(entry))}
    >
      {shownRows(run).map(row => (
        <TestItem
          key={row.grade_id}
          {...links}
          row={row}
          stale={staleness.isStale(row)}
          onRun={idle ? runOne(row.grade_id) : null}
          trans={trans}
        />
      ))}
    </ol>
  );
}

function RunButton(
  props: ModuleTestsProps & { state: TestsState }
): React.JSX.Element {
  const { commands, entry, state, trans } = props;
  const running = state.run?.state === 'running';
  const command = running ? CommandIDs.cancelTests : CommandIDs.runTests;
  return (
    <button
      type="button"
      className={`jp-TinyTorch-button ${running ? '' : 'jp-mod-primary'}`}
      aria-disabled={state.requesting}
      onClick={() => {
        if (!state.requesting) {
          void commands.execute(command, { module: entry.name });
        }
      }}
    >
      {running ? trans.__('Cancel') : trans.__('Run tests')}
    </button>
  );
}

/** One line on the run; while it lasts it does not change, so that screen readers are not flooded. */
function summary(run: TestRun | null, trans: TranslationBundle): string {
  if (run === null) {
    return trans.__('Looking for earlier results…');
  }
  const { passed, total, points, maxPoints } = totals(run);
  const result = trans.__(
    '%1 of %2 passed, %3 of %4 points',
    passed,
    total,
    points,
    maxPoints
  );
  switch (run.state) {
    case 'never':
      return trans.__('The tests have not been run yet.');
    case 'running':
      return trans.__('Running…');
    case 'cancelled':
      return trans.__('Cancelled. %1', result);
    case 'failed':
      return total > 0 ? result : '';
    case 'done':
      return run.seconds === null
        ? result
        : trans.__('%1, in %2', result, formatSeconds(run.seconds, trans));
  }
}
