import type { IRenderMime } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { AnswerContext, TestSummary } from '../../api/courseTypes';
import { formatBytes, formatPoints, formatSeconds } from '../../units';
import { Html } from '../components/Html';
import { Scroll } from '../components/Scroll';
import { shortName } from '../names';
import { testStatus } from '../overview/measures';

/** The rest of the submission: what its tests measured, its code, and the student's other answers. */
export function ContextPanel(props: {
  context: AnswerContext;
  sanitizer: IRenderMime.ISanitizer;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { context, sanitizer, trans } = props;
  return (
    <div className="jp-TinyTorch-context">
      <h3>{trans.__('Tests and what they measured')}</h3>
      {context.tests.length === 0 ? (
        <p className="jp-TinyTorch-hint">{trans.__('No tests were run.')}</p>
      ) : (
        <TestTable tests={context.tests} trans={trans} />
      )}
      <h3>{trans.__('Other answers of this student')}</h3>
      {context.answers.length === 0 && (
        <p className="jp-TinyTorch-hint">{trans.__('There are none.')}</p>
      )}
      {context.answers.map(answer => (
        <details key={`${answer.module} ${answer.response}`}>
          <summary>
            {shortName(answer.module)} {answer.title}:{' '}
            {answer.points === null
              ? trans.__('not marked')
              : trans.__(
                  '%1 of %2',
                  formatPoints(answer.points),
                  formatPoints(answer.total)
                )}
          </summary>
          <Html html={answer.html} sanitizer={sanitizer} />
        </details>
      ))}
      <h3>{trans.__('Code')}</h3>
      {context.code.map(cell => (
        <details key={cell.id}>
          <summary>{cell.id}</summary>
          {/* Long code scrolls, and so must be reached by keyboard. */}
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <pre className="jp-TinyTorch-code" tabIndex={0}>
            {cell.source}
          </pre>
        </details>
      ))}
    </div>
  );
}

function TestTable(props: {
  tests: readonly TestSummary[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { tests, trans } = props;
  return (
    <Scroll label={trans.__('Tests')}>
      <table className="jp-TinyTorch-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Test')}</th>
            <th scope="col">{trans.__('Outcome')}</th>
            <th scope="col">{trans.__('Points')}</th>
            <th scope="col">{trans.__('Time (reference)')}</th>
            <th scope="col">{trans.__('Peak memory (reference)')}</th>
          </tr>
        </thead>
        <tbody>
          {tests.map(test => (
            <tr key={test.test}>
              <th scope="row">{test.test}</th>
              <td title={test.message}>{testStatus(test.status, trans)}</td>
              <td>
                {formatPoints(test.score)} / {formatPoints(test.possible)}
              </td>
              <td>
                {formatSeconds(test.seconds, trans)} (
                {formatSeconds(test.reference_seconds, trans)})
              </td>
              <td>
                {formatBytes(test.peak_bytes, trans)} (
                {formatBytes(test.reference_peak_bytes, trans)})
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
