import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { CatalogueEntry } from '../../api/courseTypes';
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
    <AssignmentPicker
      assignments={model.modules.value?.modules ?? []}
      chosen={model.choice.module ?? ''}
      onChoose={module => {
        model.choice.chooseModule(module);
      }}
      trans={trans}
    />
  );
}

/** Chooses one of several modules and projects. */
export function AssignmentPicker(props: {
  assignments: readonly CatalogueEntry[];
  chosen: string;
  onChoose: (module: string) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { assignments, chosen, onChoose, trans } = props;
  return (
    <label>
      {trans.__('Module')}{' '}
      <select
        value={chosen}
        onChange={event => {
          onChoose(event.target.value);
        }}
      >
        {assignments.map(({ module, title }) => (
          <option key={module} value={module}>
            {fullName(module, title)}
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
