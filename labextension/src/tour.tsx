import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import React from 'react';

import type { Settings } from './settings';

/** What the sidebar is for, in four short steps, until it has been read or skipped. */
export function Tour(props: {
  settings: Settings;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { settings, trans } = props;
  return (
    <UseSignal signal={settings.changed}>
      {() =>
        settings.ready && settings.values.showTour ? (
          <Steps
            onEnd={() => void settings.set('showTour', false)}
            trans={trans}
          />
        ) : null
      }
    </UseSignal>
  );
}

function Steps(props: {
  onEnd: () => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { onEnd, trans } = props;
  const [step, setStep] = React.useState(0);
  const steps = [
    trans.__(
      'Start a module: its notebook opens. Write the code of each piece; the cell below a piece tests it.'
    ),
    trans.__(
      'Run the tests here. They run beside your kernel, on the notebook as saved. Choose a row to see its cell.'
    ),
    trans.__(
      'Export: your code becomes your own package tinytorch, which later modules import.'
    ),
    trans.__(
      'Answer the three questions of ML Systems Thinking with what you measured. Then submit, where a course collects.'
    )
  ];
  const isLast = step === steps.length - 1;
  return (
    <section
      className="jp-TinyTorch-tour"
      aria-label={trans.__('A short tour')}
    >
      <p className="jp-TinyTorch-tourCount">
        {trans.__('A short tour, %1 of %2', step + 1, steps.length)}
      </p>
      <p aria-live="polite">{steps[step]}</p>
      <div className="jp-TinyTorch-tourButtons">
        <button
          type="button"
          className="jp-TinyTorch-button jp-mod-primary"
          onClick={() => {
            if (isLast) {
              onEnd();
            } else {
              setStep(step + 1);
            }
          }}
        >
          {isLast ? trans.__('Done') : trans.__('Next')}
        </button>
        {!isLast && (
          <button type="button" className="jp-TinyTorch-link" onClick={onEnd}>
            {trans.__('Skip the tour')}
          </button>
        )}
      </div>
    </section>
  );
}
