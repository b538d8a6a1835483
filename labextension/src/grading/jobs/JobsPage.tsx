import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { Job } from '../../api/courseTypes';
import { Notice } from '../../components/Notice';
import { ProgressBar } from '../../components/ProgressBar';
import { Scroll } from '../components/Scroll';
import { useChanges } from '../components/useChanges';
import type { IPageProps } from '../GradingView';
import { moment } from '../overview/labels';
import { JobPanel } from './JobPanel';
import { jobState, kindLabel, moduleOf, secondsLeft } from './labels';
import { isOpen, type JobsModel } from './model';
import { RequestForm } from './RequestForm';

/** Work on the course: asked for here, done by the server whether this tab is open or not. */
export function JobsPage({ model, trans }: IPageProps): React.JSX.Element {
  const { jobs } = model;
  useChanges(jobs.changed);
  const [chosen, choose] = useState<number | null>(null);
  return (
    <>
      {jobs.error && (
        <Notice
          message={jobs.error.message}
          onRetry={() => void jobs.refresh()}
          trans={trans}
        />
      )}
      <RequestForm model={model} trans={trans} />
      <h2>{trans.__('Jobs')}</h2>
      <Scroll label={trans.__('Jobs')}>
        <table className="jp-TinyTorch-table jp-mod-wide">
          <thead>
            <tr>
              <th scope="col">{trans.__('Number')}</th>
              <th scope="col">{trans.__('Work')}</th>
              <th scope="col">{trans.__('Module')}</th>
              <th scope="col">{trans.__('State')}</th>
              <th scope="col">{trans.__('Progress')}</th>
              <th scope="col">{trans.__('Asked for')}</th>
              <th scope="col">{trans.__('Actions')}</th>
            </tr>
          </thead>
          <tbody>
            {jobs.jobs?.map(job => (
              <JobRow
                key={job.id}
                job={job}
                jobs={jobs}
                isChosen={chosen === job.id}
                onChoose={() => {
                  choose(chosen === job.id ? null : job.id);
                }}
                trans={trans}
              />
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

function JobRow(props: {
  job: Job;
  jobs: JobsModel;
  isChosen: boolean;
  onChoose: () => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { isChosen, job, jobs, onChoose, trans } = props;
  return (
    <>
      <tr>
        <th scope="row">{job.id}</th>
        <td>{kindLabel(job.kind, trans)}</td>
        <td>{moduleOf(job)}</td>
        <td>{jobState(job.state, trans)}</td>
        <td>
          <Progress job={job} trans={trans} />
        </td>
        <td>
          {trans.__('%1 by %2', moment(job.requested_at), job.requested_by)}
        </td>
        <td>
          <div className="jp-TinyTorch-buttons">
            <button
              type="button"
              className="jp-TinyTorch-button"
              aria-expanded={isChosen}
              aria-label={trans.__('Details of job %1', job.id)}
              onClick={onChoose}
            >
              {trans.__('Details')}
            </button>
            {isOpen(job) && (
              <button
                type="button"
                className="jp-TinyTorch-button"
                aria-label={trans.__('Cancel job %1', job.id)}
                onClick={() => void jobs.cancel(job.id)}
              >
                {trans.__('Cancel')}
              </button>
            )}
          </div>
        </td>
      </tr>
      {isChosen && (
        <tr>
          <td colSpan={7} className="jp-TinyTorch-unfolded">
            <JobPanel job={job} jobs={jobs} trans={trans} />
          </td>
        </tr>
      )}
    </>
  );
}

function Progress(props: {
  job: Job;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { job, trans } = props;
  const done = trans.__('%1 of %2', job.done, job.total);
  if (!isOpen(job)) {
    return <>{done}</>;
  }
  const left = secondsLeft(job, Date.now());
  return (
    <div className="jp-TinyTorch-jobProgress">
      <ProgressBar
        label={kindLabel(job.kind, trans)}
        value={job.done}
        max={job.total}
      />
      <span>
        {left === null
          ? done
          : trans.__('%1, about %2 s left', done, Math.ceil(left))}
      </span>
    </div>
  );
}
