import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useMemo, useState } from 'react';

import type { Extension } from '../../api/courseTypes';
import { Loaded } from '../components/Loaded';
import { ModulePicker } from '../components/Picker';
import { Scroll } from '../components/Scroll';
import { useChanges } from '../components/useChanges';
import type { IPageProps } from '../GradingView';
import { Loadable } from '../loadable';
import { moment } from '../overview/labels';
import { fromField } from './dates';

/** Due dates of single students' own. */
export function Extensions({ model, trans }: IPageProps): React.JSX.Element {
  const { api, choice } = model;
  useChanges(choice.changed);
  const { module } = choice;
  const list = useMemo(
    () => new Loadable(async () => (module ? api.extensions(module) : [])),
    [api, module]
  );
  const change = (request: () => Promise<Extension[]>): Promise<boolean> =>
    list.attempt(async () => {
      list.take(await request());
    });
  return (
    <section>
      <h2>{trans.__('Extensions')}</h2>
      <div className="jp-TinyTorch-filters">
        <ModulePicker model={model} trans={trans} />
      </div>
      <Loaded of={list} trans={trans}>
        {found => (
          <ExtensionTable
            extensions={found}
            onWithdraw={student => {
              if (module !== null) {
                void change(() => api.withdrawExtension(module, student));
              }
            }}
            trans={trans}
          />
        )}
      </Loaded>
      {module !== null && (
        <ExtensionForm
          onGrant={(student, due, reason) =>
            change(() => api.extend(module, student, due, reason))
          }
          trans={trans}
        />
      )}
    </section>
  );
}

function ExtensionTable(props: {
  extensions: readonly Extension[];
  onWithdraw: (student: string) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { extensions, onWithdraw, trans } = props;
  if (extensions.length === 0) {
    return (
      <p className="jp-TinyTorch-hint">
        {trans.__('Nobody has an extension of this module.')}
      </p>
    );
  }
  return (
    <Scroll label={trans.__('Extensions')}>
      <table className="jp-TinyTorch-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Student')}</th>
            <th scope="col">{trans.__('Due')}</th>
            <th scope="col">{trans.__('Reason')}</th>
            <th scope="col">{trans.__('Granted by')}</th>
            <th scope="col">{trans.__('Actions')}</th>
          </tr>
        </thead>
        <tbody>
          {extensions.map(extension => (
            <tr key={extension.student}>
              <th scope="row">{extension.student}</th>
              <td>{moment(extension.due_at)}</td>
              <td>{extension.reason}</td>
              <td>{extension.granted_by}</td>
              <td>
                <button
                  type="button"
                  className="jp-TinyTorch-button"
                  aria-label={trans.__(
                    'Withdraw the extension of %1',
                    extension.student
                  )}
                  onClick={() => {
                    onWithdraw(extension.student);
                  }}
                >
                  {trans.__('Withdraw')}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function ExtensionForm(props: {
  onGrant: (student: string, due: string, reason: string) => Promise<boolean>;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { onGrant, trans } = props;
  const [student, setStudent] = useState('');
  const [due, setDue] = useState('');
  const [reason, setReason] = useState('');
  const grant = async (): Promise<void> => {
    if (await onGrant(student.trim(), fromField(due) ?? '', reason)) {
      setStudent('');
      setReason('');
    }
  };
  return (
    <form
      className="jp-TinyTorch-form"
      aria-label={trans.__('Grant an extension')}
      onSubmit={event => {
        event.preventDefault();
        void grant();
      }}
    >
      <label>
        {trans.__('Student')}{' '}
        <input
          type="text"
          required
          value={student}
          onChange={event => {
            setStudent(event.target.value);
          }}
        />
      </label>
      <label>
        {trans.__('Due')}{' '}
        <input
          type="datetime-local"
          required
          value={due}
          onChange={event => {
            setDue(event.target.value);
          }}
        />
      </label>
      <label>
        {trans.__('Reason')}{' '}
        <input
          type="text"
          value={reason}
          onChange={event => {
            setReason(event.target.value);
          }}
        />
      </label>
      <button type="submit" className="jp-TinyTorch-button">
        {trans.__('Grant')}
      </button>
    </form>
  );
}
