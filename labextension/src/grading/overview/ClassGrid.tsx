import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useMemo, useState } from 'react';

import type { Cell, Overview, StudentRow } from '../../api/courseTypes';
import { formatPoints } from '../../units';
import { shortName } from '../names';
import { cellLabel, stateLabel } from './labels';
import { arrange, type Sorting } from './sorting';
import { useWindowed } from './windowed';

const ROW_HEIGHT = 28;

/** Students by modules. Only the rows in sight are on the page, so that a thousand students scroll like twenty. */
export function ClassGrid(props: {
  overview: Overview;
  onStudent: (student: string, from: HTMLElement) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { onStudent, overview, trans } = props;
  const [text, setText] = useState('');
  const [state, setState] = useState<Cell['state'] | ''>('');
  const [sorting, setSorting] = useState<Sorting>({ by: 'name', down: false });
  const rows = useMemo(
    () => arrange(overview, { text, state, sorting }),
    [overview, text, state, sorting]
  );
  const { ref, first, last, onScroll } = useWindowed(rows.length, ROW_HEIGHT);
  const sortBy = (by: Sorting['by']): void => {
    setSorting(({ by: former, down }) => ({
      by,
      down: former === by && !down
    }));
  };
  return (
    <section aria-labelledby="jp-TinyTorch-class">
      <h2 id="jp-TinyTorch-class">{trans.__('Class')}</h2>
      <div className="jp-TinyTorch-filters">
        <label>
          {trans.__('Find')}{' '}
          <input
            type="search"
            value={text}
            placeholder={trans.__('Name or id')}
            onChange={event => {
              setText(event.target.value);
            }}
          />
        </label>
        <label>
          {trans.__('With work that is')}{' '}
          <select
            value={state}
            onChange={event => {
              setState(event.target.value as Cell['state'] | '');
            }}
          >
            <option value="">{trans.__('in any state')}</option>
            {STATES.map(found => (
              <option key={found} value={found}>
                {stateLabel(found, trans)}
              </option>
            ))}
          </select>
        </label>
        <span role="status">
          {trans._n('%1 student', '%1 students', rows.length)}
        </span>
      </div>
      <Legend trans={trans} />
      <div
        className="jp-TinyTorch-gridScroll"
        ref={ref}
        onScroll={onScroll}
        role="group"
        aria-label={trans.__('Students and modules')}
        // It scrolls, and so must be reached by keyboard.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
      >
        <table
          className="jp-TinyTorch-grid"
          aria-rowcount={rows.length + 1}
          aria-colcount={overview.modules.length + 1}
        >
          <thead>
            <tr aria-rowindex={1}>
              <SortableHeader
                label={trans.__('Student')}
                sorting={sorting}
                by="name"
                onSort={sortBy}
              />
              {overview.modules.map((module, place) => (
                <SortableHeader
                  key={module.module}
                  label={shortName(module.module)}
                  title={module.title}
                  sorting={sorting}
                  by={place}
                  onSort={sortBy}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            <Spacer rows={first} />
            {rows.slice(first, last).map((row, place) => (
              <Student
                key={row.student}
                row={row}
                index={first + place + 2}
                onStudent={onStudent}
                trans={trans}
              />
            ))}
            <Spacer rows={rows.length - last} />
          </tbody>
        </table>
      </div>
    </section>
  );
}

const STATES: readonly Cell['state'][] = [
  'not submitted',
  'submitted',
  'to mark',
  'marked',
  'feedback',
  'returned'
];

/** What the colours at the cells' edges say; every cell says it in words too. */
function Legend({ trans }: { trans: TranslationBundle }): React.JSX.Element {
  return (
    <ul className="jp-TinyTorch-legend" aria-label={trans.__('Colours')}>
      {STATES.map(state => (
        <li key={state}>
          <span
            className={`jp-mod-${state.replace(' ', '-')}`}
            aria-hidden="true"
          />{' '}
          {stateLabel(state, trans)}
        </li>
      ))}
      <li>⚠ {trans.__('run not in order')}</li>
    </ul>
  );
}

function SortableHeader(props: {
  label: string;
  title?: string;
  sorting: Sorting;
  by: Sorting['by'];
  onSort: (by: Sorting['by']) => void;
}): React.JSX.Element {
  const { by, label, onSort, sorting, title } = props;
  const direction = sorting.down ? 'descending' : 'ascending';
  const sorted = sorting.by === by ? direction : 'none';
  return (
    <th scope="col" aria-sort={sorted} title={title}>
      <button
        type="button"
        aria-label={title ? `${label} ${title}` : label}
        onClick={() => {
          onSort(by);
        }}
      >
        {label}
        {sorted !== 'none' && (
          <span aria-hidden="true">{sorting.down ? ' ▾' : ' ▴'}</span>
        )}
      </button>
    </th>
  );
}

function Student(props: {
  row: StudentRow;
  index: number;
  onStudent: (student: string, from: HTMLElement) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { index, onStudent, row, trans } = props;
  return (
    <tr aria-rowindex={index} style={{ height: ROW_HEIGHT }}>
      <th scope="row" title={row.student}>
        <button
          type="button"
          onClick={event => {
            onStudent(row.student, event.currentTarget);
          }}
        >
          {row.name || row.student}
        </button>
      </th>
      {row.cells.map((cell, place) => (
        <td key={place} className={`jp-mod-${cell.state.replace(' ', '-')}`}>
          <span title={cellLabel(cell, trans)}>
            <span aria-hidden="true">
              {cell.score === null ? '' : formatPoints(cell.score)}
              {cell.integrity === 'ok' ? '' : ' ⚠'}
              {cell.late && <small> {trans.__('late')}</small>}
            </span>
            <span className="jp-TinyTorch-onlySpoken">
              {cellLabel(cell, trans)}
            </span>
          </span>
        </td>
      ))}
    </tr>
  );
}

function Spacer({ rows }: { rows: number }): React.JSX.Element | null {
  return rows > 0 ? (
    <tr aria-hidden="true" style={{ height: rows * ROW_HEIGHT }} />
  ) : null;
}
