import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useMemo, useState } from 'react';

import type { IQuestionPlace } from '../../api/courses';
import type { Sample } from '../../api/courseTypes';
import { EmptyState } from '../../components/EmptyState';
import { confirm } from '../../components/confirm';
import { Loaded } from '../components/Loaded';
import { QuestionPicker } from '../components/Picker';
import { useChanges } from '../components/useChanges';
import type { IPageProps } from '../GradingView';
import { Loadable } from '../loadable';
import type { GradingModel } from '../model';
import { Agreements } from './Agreements';
import { SampleForm } from './SampleForm';
import { SampleItem } from './SampleItem';

/** Sample answers, marked blind by every grader, and how that agrees with what was agreed. */
export function CalibrationPage({
  model,
  trans
}: IPageProps): React.JSX.Element {
  useChanges(model.choice.changed);
  const { place } = model.choice;
  return (
    <>
      <div className="jp-TinyTorch-filters">
        <QuestionPicker model={model} trans={trans} />
      </div>
      {place && (
        <Question
          key={`${place.module} ${place.response}`}
          model={model}
          place={place}
          trans={trans}
        />
      )}
    </>
  );
}

function Question(props: {
  model: GradingModel;
  place: IQuestionPlace;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, trans } = props;
  const { api, isInstructor } = model;
  const [place] = useState(props.place);
  const [isRevealed, setRevealed] = useState(false);
  const samples = useMemo(
    () => new Loadable(() => api.samples(place, isRevealed)),
    [api, isRevealed, place]
  );
  const calibration = useMemo(
    () => new Loadable(() => api.agreement(place)),
    [api, place]
  );
  const change = (request: () => Promise<Sample[]>): Promise<boolean> =>
    samples.attempt(async () => {
      samples.take(await request());
      await Promise.all([
        calibration.load(),
        ...(isRevealed ? [samples.load()] : [])
      ]);
    });
  const remove = async ({ id }: Sample): Promise<void> => {
    const isSure = await confirm({
      title: trans.__('Remove sample %1?', id),
      body: trans.__(
        'The sample is gone for good with all marks that it got, and no longer counts in the agreement. Marks given to students stay.'
      ),
      action: trans.__('Remove')
    });
    if (isSure) {
      await change(async () => {
        await api.removeSample(id);
        return (samples.value ?? []).filter(sample => sample.id !== id);
      });
    }
  };
  const total = model.choice.questions.find(
    ({ response }) => response === place.response
  )?.total;
  return (
    <>
      <h2>{trans.__('Samples')}</h2>
      {isInstructor && (
        <label>
          <input
            type="checkbox"
            checked={isRevealed}
            onChange={event => {
              setRevealed(event.target.checked);
            }}
          />{' '}
          {trans.__('Show what was agreed before I mark')}
        </label>
      )}
      <Loaded of={samples} trans={trans}>
        {found => (
          <>
            {found.length === 0 && (
              <EmptyState
                message={trans.__(
                  'There are no samples for this question. Instructors store answers here with the marks that they agreed on.'
                )}
              />
            )}
            <ol className="jp-TinyTorch-samples">
              {found.map(sample => (
                <SampleItem
                  key={sample.id}
                  sample={sample}
                  total={total ?? 0}
                  sanitizer={model.rendermime.sanitizer}
                  onMark={points =>
                    void change(() => api.markSample(place, sample.id, points))
                  }
                  onRemove={
                    isInstructor ? () => void remove(sample) : undefined
                  }
                  trans={trans}
                />
              ))}
            </ol>
          </>
        )}
      </Loaded>
      {isInstructor && (
        <SampleForm
          total={total ?? 0}
          onAdd={body => change(() => api.addSample(place, body))}
          trans={trans}
        />
      )}
      <h2>{trans.__('Agreement')}</h2>
      <Loaded of={calibration} trans={trans}>
        {found => <Agreements calibration={found} trans={trans} />}
      </Loaded>
    </>
  );
}
