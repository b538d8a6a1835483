import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { Notice } from '../../components/Notice';
import type { GradingModel } from '../model';
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
            {module.slice(0, 2)} {title}
          </option>
        ))}
      </select>
    </label>
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
