import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useMemo, useState } from 'react';

import type { Job, JobRow } from '../../api/courseTypes';
import { formatPoints } from '../../units';
import { Loaded } from '../components/Loaded';
import { Scroll } from '../components/Scroll';
import { Loadable } from '../loadable';
import { type Change, changesOf, sumUp } from './labels';
import { isOpen, type JobsModel } from './model';

interface IJobProps {
  job: Job;
  jobs: JobsModel;
  trans: TranslationBundle;
}

interface IRowsProps extends IJobProps {
  rows: readonly JobRow[];
}

/** What a job did for whom, its log, and what may be done next. */
export function JobPanel(props: IJobProps): React.JSX.Element {
  const { job, jobs, trans } = props;
  const details = useMemo(
    () => new Loadable(() => jobs.details(job.id)),
    [job.id, jobs]
  );
  useEffect(() => {
    void details.load();
  }, [details, job.done, job.state]);
  return (
    <>
      {job.message && <p>{job.message}</p>}
      <Loaded of={details} trans={trans}>
        {({ rows }) =>
          job.kind === 'regrade' && job.state === 'done' ? (
            <Found {...props} rows={rows} />
          ) : (
            <Rows {...props} rows={rows} />
          )
        }
      </Loaded>
      <Log {...props} />
    </>
  );
}

/** What a regrade found out, and for whom it could not. */
function Found(props: IRowsProps): React.JSX.Element {
  const { rows } = props;
  const failed = rows.filter(({ ok }) => !ok);
  const isKnown = rows.length === 0 || failed.length < rows.length;
  return (
    <>
      {failed.length > 0 && <Rows {...props} rows={failed} />}
      {isKnown && <Preview {...props} />}
    </>
  );
}

function Rows(props: IRowsProps): React.JSX.Element {
  const { job, jobs, rows, trans } = props;
  const failed = rows.filter(({ ok }) => !ok);
  return (
    <>
      {failed.length > 0 && (
        <p>
          {trans._n('It failed for %1.', 'It failed for %1.', failed.length)}{' '}
          {!isOpen(job) && (
            <button
              type="button"
              className="jp-TinyTorch-button"
              onClick={() => void jobs.retry(job.id)}
            >
              {trans.__('Try those again')}
            </button>
          )}
        </p>
      )}
      <Scroll label={trans.__('Outcomes')} isTall>
        <table className="jp-TinyTorch-table">
          <thead>
            <tr>
              <th scope="col">{trans.__('For')}</th>
              <th scope="col">{trans.__('Outcome')}</th>
              <th scope="col">{trans.__('Points')}</th>
              <th scope="col">{trans.__('Message')}</th>
            </tr>
          </thead>
          <tbody>
            {[...failed, ...rows.filter(({ ok }) => ok)].map(row => (
              <tr key={row.subject}>
                <th scope="row">{row.subject}</th>
                <td>{row.ok ? trans.__('done') : trans.__('failed')}</td>
                <td>{points(row)}</td>
                <td className="jp-TinyTorch-wrapped">{row.message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

/** What a regrade would change; nothing has been changed yet. */
function Preview(props: IRowsProps): React.JSX.Element {
  const { job, jobs, rows, trans } = props;
  const changes = useMemo(() => changesOf(rows), [rows]);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const chosen = changes.filter(({ student }) => !left.has(student));
  const toggle = ({ student }: Change): void => {
    const next = new Set(left);
    if (!next.delete(student)) {
      next.add(student);
    }
    setLeft(next);
  };
  return (
    <>
      <p>
        <strong>{sumUp(changes, trans)}</strong>{' '}
        {chosen.length > 0 && (
          <button
            type="button"
            className="jp-TinyTorch-button jp-mod-primary"
            onClick={() =>
              void jobs.apply(
                job.id,
                chosen.map(({ student }) => student)
              )
            }
          >
            {trans._n('Apply to %1', 'Apply to %1', chosen.length)}
          </button>
        )}
      </p>
      {changes.length > 0 && (
        <Scroll label={trans.__('Changes')} isTall>
          <table className="jp-TinyTorch-table">
            <thead>
              <tr>
                <th scope="col">{trans.__('Apply')}</th>
                <th scope="col">{trans.__('Student')}</th>
                <th scope="col">{trans.__('Before')}</th>
                <th scope="col">{trans.__('After')}</th>
                <th scope="col">{trans.__('Tests')}</th>
              </tr>
            </thead>
            <tbody>
              {changes.map(change => (
                <tr key={change.student}>
                  <td>
                    <input
                      type="checkbox"
                      aria-label={trans.__('Apply to %1', change.student)}
                      checked={!left.has(change.student)}
                      onChange={() => {
                        toggle(change);
                      }}
                    />
                  </td>
                  <th scope="row">{change.student}</th>
                  <td>
                    {change.before === null ? '–' : formatPoints(change.before)}
                  </td>
                  <td>{formatPoints(change.after)}</td>
                  <td className="jp-TinyTorch-wrapped">{change.message}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </>
  );
}

function Log({ job, jobs, trans }: IJobProps): React.JSX.Element {
  const log = useMemo(
    () => new Loadable(() => jobs.log(job.id)),
    [job.id, jobs]
  );
  return (
    <details
      onToggle={event => {
        if (event.currentTarget.open) {
          void log.load();
        }
      }}
    >
      <summary>{trans.__('Log')}</summary>
      <Loaded of={log} trans={trans}>
        {text => (
          // A long log scrolls, and so must be reached by keyboard.
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          <pre className="jp-TinyTorch-code jp-mod-tall" tabIndex={0}>
            {text || trans.__('Nothing was logged.')}
          </pre>
        )}
      </Loaded>
    </details>
  );
}

function points({ score, total }: JobRow): string {
  return typeof score === 'number' && typeof total === 'number'
    ? `${formatPoints(score)} / ${formatPoints(total)}`
    : '';
}
