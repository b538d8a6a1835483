import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { SampleBody } from '../../api/courseTypes';
import { formatPoints } from '../../units';

/** Stores an answer with the points that the instructors agreed on. */
export function SampleForm(props: {
  total: number;
  onAdd: (body: SampleBody) => Promise<boolean>;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { onAdd, total, trans } = props;
  const [text, setText] = useState('');
  const [points, setPoints] = useState('');
  const [reason, setReason] = useState('');
  const add = async (): Promise<void> => {
    if (await onAdd({ text, points: Number(points), reason })) {
      setText('');
      setPoints('');
      setReason('');
    }
  };
  return (
    <details>
      <summary>{trans.__('Add a sample')}</summary>
      <form
        className="jp-TinyTorch-form"
        onSubmit={event => {
          event.preventDefault();
          void add();
        }}
      >
        <label className="jp-mod-block">
          {trans.__('Answer')}
          <textarea
            required
            rows={6}
            value={text}
            onChange={event => {
              setText(event.target.value);
            }}
          />
        </label>
        <label>
          {trans.__('Agreed points of %1', formatPoints(total))}{' '}
          <input
            type="number"
            required
            min={0}
            max={total}
            step={0.5}
            value={points}
            onChange={event => {
              setPoints(event.target.value);
            }}
          />
        </label>
        <label>
          {trans.__('Why')}{' '}
          <input
            type="text"
            value={reason}
            onChange={event => {
              setReason(event.target.value);
            }}
          />
        </label>
        <button type="submit" className="jp-TinyTorch-button">
          {trans.__('Add')}
        </button>
      </form>
    </details>
  );
}
