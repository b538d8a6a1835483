import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useMemo, useState } from 'react';

import { Html } from '../components/Html';
import { Key } from '../components/Key';
import { Loaded } from '../components/Loaded';
import { useChanges } from '../components/useChanges';
import { Loadable } from '../loadable';
import type { GradingModel } from '../model';
import type { AnswerModel } from './answer';
import { ContextPanel } from './ContextPanel';

/** The answer as its author wrote it, without a name, and what stands around it. */
export function AnswerPanel(props: {
  model: GradingModel;
  answer: AnswerModel;
  isContextShown: boolean;
  onToggleContext: () => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { answer, isContextShown, model, onToggleContext, trans } = props;
  useChanges(answer.changed);
  const { view } = answer;
  const { sanitizer } = model.rendermime;
  const context = useMemo(
    () => new Loadable(() => model.api.context(answer.place)),
    [answer, model]
  );
  return (
    <section className="jp-TinyTorch-answer" aria-label={trans.__('Answer')}>
      <details className="jp-TinyTorch-question">
        <summary>{trans.__('The question')}</summary>
        <Html html={view.question_html} sanitizer={sanitizer} />
      </details>
      <p className="jp-TinyTorch-answerFacts">
        <span>{trans._n('%1 word', '%1 words', view.words)}</span>
        {view.outdated && (
          <span className="jp-TinyTorch-warningText">
            {trans.__('Changed since it was marked')}
          </span>
        )}
        {answer.restored && (
          <span>{trans.__('Your draft from before is back')}</span>
        )}
        {model.isInstructor && (
          <Author answer={answer} model={model} trans={trans} />
        )}
      </p>
      <article aria-label={trans.__('What the student wrote')}>
        <Html html={view.html} sanitizer={sanitizer} />
      </article>
      <button
        type="button"
        className="jp-TinyTorch-button"
        aria-expanded={isContextShown}
        onClick={onToggleContext}
      >
        {trans.__('Code, tests and other answers')} <Key name="e" />
      </button>
      {isContextShown && (
        <Loaded of={context} trans={trans}>
          {found => (
            <ContextPanel context={found} sanitizer={sanitizer} trans={trans} />
          )}
        </Loaded>
      )}
    </section>
  );
}

/** Whose answer it is, on request of who may know; marking is blind otherwise. */
function Author(props: {
  answer: AnswerModel;
  model: GradingModel;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { answer, model, trans } = props;
  const [isShown, setShown] = useState(model.showsNames);
  const identity = useMemo(
    () => new Loadable(() => model.api.identity(answer.place)),
    [answer, model]
  );
  useEffect(() => {
    model.showsNames = isShown;
  }, [isShown, model]);
  return (
    <>
      <label>
        <input
          type="checkbox"
          checked={isShown}
          onChange={event => {
            setShown(event.target.checked);
          }}
        />{' '}
        {trans.__('Show names')}
      </label>
      {isShown && (
        <Loaded of={identity} trans={trans}>
          {({ student }) => <strong>{student}</strong>}
        </Loaded>
      )}
    </>
  );
}
