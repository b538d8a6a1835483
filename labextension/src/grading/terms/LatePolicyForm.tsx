import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { LatePolicyBody, LateTerms } from '../../api/courseTypes';

type NumberField = 'deduction' | 'maximum' | 'grace_minutes' | 'cut_off_hours';

/** What lateness costs, with the sentence that students read. */
export function LatePolicyForm(props: {
  terms: LateTerms;
  onSet: (policy: LatePolicyBody) => Promise<boolean>;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { onSet, terms, trans } = props;
  const [policy, setPolicy] = useState<LatePolicyBody>({
    ...terms.policy,
    deduction: terms.policy.deduction ?? 0
  });
  const fields: [NumberField, string][] = [
    ['deduction', trans.__('Percent of the points earned')],
    ['maximum', trans.__('At most, percent')],
    ['grace_minutes', trans.__('Minutes that cost nothing')],
    [
      'cut_off_hours',
      trans.__('Hours after which nothing is earned (0: never)')
    ]
  ];
  return (
    <form
      className="jp-TinyTorch-form"
      aria-label={trans.__('Late policy')}
      onSubmit={event => {
        event.preventDefault();
        void onSet(policy);
      }}
    >
      <p>{trans.__('Students read: “%1”', terms.sentence)}</p>
      {fields.map(([field, label]) => (
        <label key={field}>
          {label}{' '}
          <input
            type="number"
            min={0}
            step="any"
            value={policy[field] ?? 0}
            onChange={event => {
              setPolicy({ ...policy, [field]: Number(event.target.value) });
            }}
          />
        </label>
      ))}
      <label>
        {trans.__('For each')}{' '}
        <select
          value={policy.per ?? 'day'}
          onChange={event => {
            const per = event.target.value === 'hour' ? 'hour' : 'day';
            setPolicy({ ...policy, per });
          }}
        >
          <option value="day">{trans.__('day')}</option>
          <option value="hour">{trans.__('hour')}</option>
        </select>
      </label>
      <button type="submit" className="jp-TinyTorch-button">
        {trans.__('Set, and count lateness anew')}
      </button>
    </form>
  );
}
