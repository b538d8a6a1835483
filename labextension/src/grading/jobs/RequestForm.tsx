import React, { useState } from 'react';

import type { JobBody } from '../../api/courseTypes';
import { nextToGenerate } from '../choice';
import { AssignmentPicker, ModulePicker } from '../components/Picker';
import { useChanges } from '../components/useChanges';
import type { IPageProps } from '../GradingView';
import { KINDS, kindLabel } from './labels';

/** Asks for work on a module, for all students or for some. */
export function RequestForm({ model, trans }: IPageProps): React.JSX.Element {
  useChanges(model.choice.changed);
  useChanges(model.modules.changed);
  const [kind, setKind] = useState<JobBody['kind']>('autograde');
  const [students, setStudents] = useState('');
  const [isChanged, setChanged] = useState(true);
  const [isForced, setForced] = useState(false);
  const [generated, setGenerated] = useState<string | null>(null);
  const isGenerating = kind === 'generate';
  const toGenerate = generated ?? nextToGenerate(model.modules.value);
  const module = isGenerating ? toGenerate : model.choice.module;
  const request = (): void => {
    setGenerated(null);
    const names = students.split(/[\s,]+/).filter(name => name !== '');
    if (module) {
      void model.jobs.request({
        kind,
        module,
        students: names.length > 0 ? names : null,
        changed: kind === 'autograde' && isChanged,
        force: kind.endsWith('feedback') && isForced
      });
    }
  };
  return (
    <form
      className="jp-TinyTorch-filters"
      aria-label={trans.__('Ask for work')}
      onSubmit={event => {
        event.preventDefault();
        request();
      }}
    >
      <label>
        {trans.__('Work')}{' '}
        <select
          value={kind}
          onChange={event => {
            setKind(event.target.value as JobBody['kind']);
          }}
        >
          {KINDS.map(known => (
            <option key={known} value={known}>
              {kindLabel(known, trans)}
            </option>
          ))}
        </select>
      </label>
      {isGenerating ? (
        <AssignmentPicker
          assignments={model.modules.value?.catalogue ?? []}
          chosen={toGenerate}
          onChoose={setGenerated}
          trans={trans}
        />
      ) : (
        <ModulePicker model={model} trans={trans} />
      )}
      {!isGenerating && kind !== 'release' && (
        <label>
          {trans.__('Students')}{' '}
          <input
            type="text"
            value={students}
            placeholder={trans.__('all')}
            onChange={event => {
              setStudents(event.target.value);
            }}
          />
        </label>
      )}
      {kind === 'autograde' && (
        <label>
          <input
            type="checkbox"
            checked={isChanged}
            onChange={event => {
              setChanged(event.target.checked);
            }}
          />{' '}
          {trans.__('Only what is new')}
        </label>
      )}
      {kind.endsWith('feedback') && (
        <label>
          <input
            type="checkbox"
            checked={isForced}
            onChange={event => {
              setForced(event.target.checked);
            }}
          />{' '}
          {trans.__('Also with answers unmarked')}
        </label>
      )}
      <button type="submit" className="jp-TinyTorch-button jp-mod-primary">
        {trans.__('Start')}
      </button>
    </form>
  );
}
