import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

/** A list of the student's own figures; choosing one writes it where the cursor is in the answer. */
export function InsertMeasurement(props: {
  number: number;
  measurements: () => readonly string[];
  onInsert: (text: string) => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { measurements, number, onInsert, trans } = props;
  const [figures, setFigures] = React.useState<readonly string[] | null>(null);
  const label = trans.__('Insert my measurement into answer %1', number);
  return (
    <div className="jp-TinyTorch-measurements">
      <button
        type="button"
        className="jp-TinyTorch-link"
        aria-expanded={figures !== null}
        aria-label={label}
        onClick={() => {
          setFigures(figures === null ? measurements() : null);
        }}
      >
        {trans.__('Insert my measurement')}
      </button>
      {figures?.length === 0 && (
        <p className="jp-TinyTorch-hint">
          {trans.__(
            'Nothing is measured yet: run the measuring cells of the notebook, or the tests.'
          )}
        </p>
      )}
      {figures !== null && figures.length > 0 && (
        <ul aria-label={label}>
          {figures.map(figure => (
            <li key={figure}>
              <button
                type="button"
                className="jp-TinyTorch-figure"
                onClick={() => {
                  setFigures(null);
                  onInsert(figure);
                }}
              >
                {figure}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
