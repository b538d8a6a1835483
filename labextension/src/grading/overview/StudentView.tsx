import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useMemo, useRef } from 'react';

import type { ModuleWork, StudentPage } from '../../api/courseTypes';
import { formatPoints } from '../../units';
import { Loaded } from '../components/Loaded';
import { Scroll } from '../components/Scroll';
import type { IPageProps } from '../GradingView';
import { Loadable } from '../loadable';
import { moment } from './labels';
import { testStatus } from './measures';

/** Everything about one student. */
export function StudentView(
  props: IPageProps & { student: string; onClose: () => void }
): React.JSX.Element {
  const { model, onClose, student, trans } = props;
  const page = useMemo(
    () => new Loadable(() => model.api.student(student)),
    [model, student]
  );
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    back.current?.focus();
  }, [student]);
  return (
    <section aria-label={trans.__('Student %1', student)}>
      <button
        type="button"
        className="jp-TinyTorch-button"
        ref={back}
        onClick={onClose}
      >
        {trans.__('Back to the class')}
      </button>
      <Loaded of={page} trans={trans}>
        {found => <Details page={found} trans={trans} />}
      </Loaded>
    </section>
  );
}

function Details(props: {
  page: StudentPage;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { page, trans } = props;
  const { grade } = page;
  const percent = (share: number): string =>
    `${Math.round(share * 1000) / 10} %`;
  return (
    <>
      <h2>
        {page.name || page.student} ({page.student})
      </h2>
      {page.email && <p>{page.email}</p>}
      <p>
        {grade.so_far === null
          ? trans.__('No grade yet.')
          : trans.__(
              'So far %1 over %2 of the course; the course grade can still be %3 to %4.',
              percent(grade.so_far),
              percent(grade.decided),
              percent(grade.lowest),
              percent(grade.highest)
            )}
      </p>
      <ul>
        {page.reasons.map(({ kind, sentence }) => (
          <li key={kind}>{sentence}</li>
        ))}
        {page.extensions.map(({ due_at, module, reason }) => (
          <li key={module}>
            {trans.__(
              'Extension of %1 to %2: %3',
              module,
              moment(due_at),
              reason
            )}
          </li>
        ))}
      </ul>
      {page.modules.map(work => (
        <Work key={work.module} work={work} trans={trans} />
      ))}
    </>
  );
}

function Work(props: {
  work: ModuleWork;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { trans, work } = props;
  const part = (points: number | null, total: number): string =>
    points === null ? '–' : `${formatPoints(points)} / ${formatPoints(total)}`;
  return (
    <section>
      <h3>{work.module}</h3>
      <p>
        {trans.__(
          'Tests %1, written answers %2',
          part(work.automatic, work.automatic_total),
          part(work.written, work.written_total)
        )}
        {work.penalty > 0 &&
          `, ${trans.__('for lateness −%1', formatPoints(work.penalty))}`}
        {work.to_mark > 0 &&
          `, ${trans._n('%1 answer to mark', '%1 answers to mark', work.to_mark)}`}
      </p>
      {work.integrity !== 'ok' && (
        <p className="jp-TinyTorch-warningText">
          {work.integrity}: {work.reason}
        </p>
      )}
      <ul>
        {work.submissions.map(({ id, received_at, source }) => (
          <li key={id}>
            {trans.__('Handed in %1 (%2)', moment(received_at), source)}
          </li>
        ))}
        {work.notes.map(note => (
          <li key={note}>{note}</li>
        ))}
      </ul>
      {work.tests.length > 0 && (
        <details>
          <summary>{trans.__('Tests')}</summary>
          <Scroll label={trans.__('Tests')}>
            <table className="jp-TinyTorch-table">
              <thead>
                <tr>
                  <th scope="col">{trans.__('Test')}</th>
                  <th scope="col">{trans.__('Outcome')}</th>
                  <th scope="col">{trans.__('Points')}</th>
                  <th scope="col">{trans.__('Why')}</th>
                </tr>
              </thead>
              <tbody>
                {work.tests.map(test => (
                  <tr key={test.test}>
                    <th scope="row">{test.test}</th>
                    <td>{testStatus(test.status, trans)}</td>
                    <td>{part(test.score, test.possible)}</td>
                    <td className="jp-TinyTorch-wrapped jp-TinyTorch-text">
                      {test.detail || test.message}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </details>
      )}
    </section>
  );
}
