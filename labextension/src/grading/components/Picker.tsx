import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { CourseModules } from '../../api/courseTypes';
import { Notice } from '../../components/Notice';
import type { GradingModel } from '../model';
import { fullName } from '../names';
import { useChanges } from './useChanges';

interface IPickerProps {
  model: GradingModel;
  trans: TranslationBundle;
}

/** Chooses the module that a page is about. */
export function ModulePicker({
  model,
  trans
}: IPickerProps): React.JSX.Element {
  useChanges(model.modules.changed);
  useChanges(model.choice.changed);
  return (
    <label>
      {trans.__('Module')}{' '}
      <select
        value={model.choice.module ?? ''}
        onChange={event => {
          model.choice.chooseModule(event.target.value);
        }}
      >
        {model.modules.value?.modules.map(({ module, title }) => (
          <option key={module} value={module}>
            {fullName(module, title)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Chooses what to generate: whatever the curriculum holds, the first that the course does not have unless told. */
export function CataloguePicker(
  props: IPickerProps & { chosen: string; onChoose: (module: string) => void }
): React.JSX.Element {
  const { chosen, model, onChoose, trans } = props;
  useChanges(model.modules.changed);
  return (
    <label>
      {trans.__('Module')}{' '}
      <select
        value={chosen}
        onChange={event => {
          onChoose(event.target.value);
        }}
      >
        {model.modules.value?.catalogue.map(({ module, title }) => (
          <option key={module} value={module}>
            {fullName(module, title)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What the course would generate next: the first of the curriculum that it does not have. */
export function nextToGenerate(course: CourseModules | null): string {
  const known = new Set(course?.modules.map(({ module }) => module));
  const { catalogue = [] } = course ?? {};
  return (
    (catalogue.find(({ module }) => !known.has(module)) ?? catalogue[0])
      ?.module ?? ''
  );
}

/** Chooses module and question. */
export function QuestionPicker({
  model,
  trans
}: IPickerProps): React.JSX.Element {
  const { choice } = model;
  useChanges(choice.changed);
  return (
    <>
      <ModulePicker model={model} trans={trans} />
      <label>
        {trans.__('Question')}{' '}
        <select
          value={choice.place?.response ?? ''}
          onChange={event => {
            choice.chooseResponse(event.target.value);
          }}
        >
          {choice.questions.map(question => (
            <option key={question.response} value={question.response}>
              {trans.__(
                '%1 (%2 of %3 marked)',
                question.title,
                question.marked,
                question.answers
              )}
            </option>
          ))}
        </select>
      </label>
      {choice.error && <Notice message={choice.error.message} trans={trans} />}
    </>
  );
}
