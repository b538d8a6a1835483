import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { ExportProblem, ExportReport } from '../api/types';
import { StatusIcon } from '../components/StatusIcon';
import { failedIcon, passedIcon } from '../components/statusIcons';

/** What the last export did. */
export function ExportResult(props: {
  report: ExportReport;
  onDismiss: () => void;
  onShow: (problem: ExportProblem) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { report, trans } = props;
  const failed = report.problems.length > 0;
  return (
    <div
      className={`jp-TinyTorch-report ${failed ? 'jp-mod-failed' : 'jp-mod-passed'}`}
      role={failed ? 'alert' : 'status'}
    >
      <StatusIcon
        icon={failed ? failedIcon : passedIcon}
        state={failed ? 'failed' : 'passed'}
      />
      <div className="jp-TinyTorch-reportBody">
        <p>
          {failed
            ? trans.__('Not exported: the package stays as it was.')
            : outcome(report, trans)}
        </p>
        {failed && (
          <Problems
            problems={report.problems}
            onShow={props.onShow}
            trans={trans}
          />
        )}
      </div>
      <button
        type="button"
        className="jp-TinyTorch-iconButton"
        aria-label={trans.__('Dismiss')}
        title={trans.__('Dismiss')}
        onClick={props.onDismiss}
      >
        <closeIcon.react tag={null} />
      </button>
    </div>
  );
}

/** What is to be corrected, each with a way to its cell. */
export function Problems(props: {
  problems: readonly ExportProblem[];
  onShow: (problem: ExportProblem) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  return (
    <ul>
      {props.problems.map((problem, index) => (
        <li key={index}>
          <button
            type="button"
            className="jp-TinyTorch-link"
            onClick={() => {
              props.onShow(problem);
            }}
          >
            {place(problem, props.trans)}
          </button>
          <p className="jp-TinyTorch-text">{problem.message}</p>
        </li>
      ))}
    </ul>
  );
}

function outcome(report: ExportReport, trans: TranslationBundle): string {
  const { written } = report;
  return written.length > 0
    ? trans.__('Exported %1.', written.join(', '))
    : trans.__('The package is already up to date.');
}

function place(problem: ExportProblem, trans: TranslationBundle): string {
  const { cell, line } = problem;
  const file = PathExt.basename(problem.notebook);
  if (cell === null) {
    return file;
  }
  return line === null
    ? trans.__('%1, cell %2', file, cell)
    : trans.__('%1, cell %2, line %3', file, cell, line);
}
