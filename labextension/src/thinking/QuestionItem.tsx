import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Question } from './answers';
import { Prompt } from './Prompt';
import { countWords } from './words';

/** What one question needs to know. */
export interface IQuestionItemProps {
  question: Question;
  number: number;
  words: { least: number; most: number };
  readOnly: boolean;
  /** The id of the element that tells whether the answer is saved. */
  savedId: string;
  rendermime: IRenderMimeRegistry;
  onWrite: (text: string) => void;
  trans: TranslationBundle;
}

/** A question with the student's answer and its length. */
export function QuestionItem(props: IQuestionItemProps): React.JSX.Element {
  const { number, question, trans } = props;
  const id = `jp-TinyTorch-answer-${number}`;
  const count = countWords(question.answer);
  return (
    <li className="jp-TinyTorch-question">
      <Prompt markdown={question.prompt} rendermime={props.rendermime} />
      <label className="jp-TinyTorch-answerLabel" htmlFor={id}>
        {trans.__('Your answer to question %1', number)}
      </label>
      <textarea
        id={id}
        className="jp-TinyTorch-answer"
        value={question.answer}
        rows={6}
        readOnly={props.readOnly}
        placeholder={trans.__(
          'Write %1 to %2 words. Markdown works.',
          props.words.least,
          props.words.most
        )}
        aria-describedby={`${id}-words ${props.savedId}`}
        onChange={event => {
          props.onWrite(event.target.value);
        }}
      />
      <p
        id={`${id}-words`}
        className={`jp-TinyTorch-words jp-mod-${lengthState(count, props.words)}`}
      >
        {lengthLabel(count, props.words, trans)}
      </p>
    </li>
  );
}

function lengthState(
  count: number,
  words: IQuestionItemProps['words']
): 'empty' | 'short' | 'long' | 'fitting' {
  if (count === 0) {
    return 'empty';
  }
  if (count < words.least) {
    return 'short';
  }
  return count > words.most ? 'long' : 'fitting';
}

function lengthLabel(
  count: number,
  words: IQuestionItemProps['words'],
  trans: TranslationBundle
): string {
  const counted = trans._n('%1 word', '%1 words', count);
  switch (lengthState(count, words)) {
    case 'empty':
      return trans.__('Not answered yet');
    case 'short':
      return trans.__(
        '%1: %2 short of %3',
        counted,
        words.least - count,
        words.least
      );
    case 'long':
      return trans.__(
        '%1: %2 over %3',
        counted,
        count - words.most,
        words.most
      );
    case 'fitting':
      return trans.__('%1: a good length', counted);
  }
}
