import type { IRenderMime } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';

import type { Sample } from '../../api/courseTypes';
import { formatPoints } from '../../units';
import { Html } from '../components/Html';
import { pointsLabel } from '../overview/labels';

/** One sample: marked blind, and only then compared with what was agreed. */
export function SampleItem(props: {
  sample: Sample;
  total: number;
  sanitizer: IRenderMime.ISanitizer;
  onMark: (points: number) => void;
  onRemove: (() => void) | undefined;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { onMark, onRemove, sample, sanitizer, total, trans } = props;
  const [points, setPoints] = useState('');
  return (
    <li className="jp-TinyTorch-sample">
      <Html html={sample.html} sanitizer={sanitizer} />
      <p className="jp-TinyTorch-hint">
        {trans._n('%1 word', '%1 words', sample.words)}
      </p>
      {sample.agreed !== null && (
        <p>
          <strong>
            {trans.__('Agreed: %1.', pointsLabel(sample.agreed, trans))}
          </strong>{' '}
          {sample.reason}
        </p>
      )}
      {sample.given === null ? (
        <form
          className="jp-TinyTorch-form"
          onSubmit={event => {
            event.preventDefault();
            onMark(Number(points));
          }}
        >
          <label>
            {trans.__('Your points of %1', formatPoints(total))}{' '}
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
          <button type="submit" className="jp-TinyTorch-button">
            {trans.__('Mark')}
          </button>
        </form>
      ) : (
        <p>{trans.__('You gave %1.', pointsLabel(sample.given, trans))}</p>
      )}
      {onRemove && (
        <button
          type="button"
          className="jp-TinyTorch-button"
          aria-label={trans.__('Remove sample %1', sample.id)}
          onClick={onRemove}
        >
          {trans.__('Remove')}
        </button>
      )}
    </li>
  );
}
