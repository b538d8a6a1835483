import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useMemo } from 'react';

import type { IQuestionPlace } from '../../api/courses';
import { Notice } from '../../components/Notice';
import { useChanges } from '../components/useChanges';
import { Loadable } from '../loadable';
import type { GradingModel } from '../model';
import { pointsLabel } from '../overview/labels';

const LOOK_AGAIN_MS = 120_000;

/** Warns a grader whose marks for samples met again among the answers have moved away from what was agreed. */
export function Drift(props: {
  model: GradingModel;
  place: IQuestionPlace;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { model, place, trans } = props;
  const calibration = useMemo(
    () => new Loadable(() => model.api.agreement(place)),
    [model, place]
  );
  useChanges(calibration.changed);
  useEffect(() => {
    void calibration.load();
    const timer = window.setInterval(
      () => void calibration.load(),
      LOOK_AGAIN_MS
    );
    return () => {
      window.clearInterval(timer);
    };
  }, [calibration]);
  const mine = calibration.value?.agreements.find(
    ({ grader }) => grader === model.me
  );
  if (!mine?.drifting || mine.drift === null) {
    return null;
  }
  const points = pointsLabel(Math.abs(mine.drift), trans);
  return (
    <Notice
      message={
        mine.drift > 0
          ? trans.__(
              'You have become milder: %1 above what was agreed, in the samples that you met again.',
              points
            )
          : trans.__(
              'You have become stricter: %1 below what was agreed, in the samples that you met again.',
              points
            )
      }
      trans={trans}
    />
  );
}
