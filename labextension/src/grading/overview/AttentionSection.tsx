import React, { useMemo } from 'react';

import { Loaded } from '../components/Loaded';
import { Scroll } from '../components/Scroll';
import type { IPageProps } from '../GradingView';
import { useReload } from '../jobs/useReload';
import { Loadable } from '../loadable';

/** Whom and what to look at: students who may need help, and runs that were not in order. */
export function AttentionSection(
  props: IPageProps & {
    onStudent: (student: string, from: HTMLElement) => void;
  }
): React.JSX.Element {
  const { model, onStudent, trans } = props;
  const struggling = useMemo(
    () => new Loadable(() => model.api.struggling()),
    [model]
  );
  const suspicious = useMemo(
    () => new Loadable(() => model.api.suspicious()),
    [model]
  );
  useReload(model.jobs, struggling);
  useReload(model.jobs, suspicious);
  const link = (student: string): React.JSX.Element => (
    <button
      type="button"
      className="jp-TinyTorch-link"
      onClick={event => {
        onStudent(student, event.currentTarget);
      }}
    >
      {student}
    </button>
  );
  return (
    <>
      <section aria-labelledby="jp-TinyTorch-struggling">
        <h2 id="jp-TinyTorch-struggling">
          {trans.__('Students who may need help')}
        </h2>
        <Loaded of={struggling} trans={trans}>
          {found =>
            found.length === 0 ? (
              <p className="jp-TinyTorch-hint">{trans.__('Nobody.')}</p>
            ) : (
              <Scroll label={trans.__('Students who may need help')}>
                <table className="jp-TinyTorch-table">
                  <thead>
                    <tr>
                      <th scope="col">{trans.__('Student')}</th>
                      <th scope="col">{trans.__('Reasons')}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {found.map(({ reasons, student }) => (
                      <tr key={student}>
                        <th scope="row">{link(student)}</th>
                        <td className="jp-TinyTorch-wrapped">
                          <ul>
                            {reasons.map(({ kind, sentence }) => (
                              <li key={kind}>{sentence}</li>
                            ))}
                          </ul>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Scroll>
            )
          }
        </Loaded>
      </section>
      <section aria-labelledby="jp-TinyTorch-suspicious">
        <h2 id="jp-TinyTorch-suspicious">
          {trans.__('Runs that were not in order')}
        </h2>
        <Loaded of={suspicious} trans={trans}>
          {found =>
            found.length === 0 ? (
              <p className="jp-TinyTorch-hint">{trans.__('None.')}</p>
            ) : (
              <Scroll label={trans.__('Runs that were not in order')}>
                <table className="jp-TinyTorch-table">
                  <thead>
                    <tr>
                      <th scope="col">{trans.__('Student')}</th>
                      <th scope="col">{trans.__('Module')}</th>
                      <th scope="col">{trans.__('Outcome')}</th>
                      <th scope="col">{trans.__('What was seen')}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {found.map(run => (
                      <tr key={`${run.module} ${run.student}`}>
                        <th scope="row">{link(run.student)}</th>
                        <td>{run.module}</td>
                        <td>{run.integrity}</td>
                        <td className="jp-TinyTorch-wrapped">
                          {[run.reason, ...run.notes].join(' ')}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Scroll>
            )
          }
        </Loaded>
      </section>
    </>
  );
}
