import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Question } from './answers';
import { useSteadyCursor } from './cursor';
import { InsertMeasurement } from './InsertMeasurement';
import { lengthLabel, lengthState } from './length';
import { Markdown } from '../components/Markdown';
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
  /** The figures that the student's own runs produced. */
  measurements: () => readonly string[];
  onWrite: (text: string) => void;
  trans: TranslationBundle;
}

/** A question with the student's answer and its length. */
export function QuestionItem(props: IQuestionItemProps): React.JSX.Element {
  const { number, question, trans } = props;
  const [previewed, preview] = React.useState(false);
  const editor = React.useRef<HTMLTextAreaElement>(null);
  const putCursor = useSteadyCursor(editor);
  const id = `jp-TinyTorch-answer-${number}`;
  const count = countWords(question.answer);
  const insert = (text: string): void => {
    const place = editor.current?.selectionStart ?? question.answer.length;
    const [before, after] = [
      question.answer.slice(0, place),
      question.answer.slice(place)
    ];
    const gap = before === '' || /\s$/.test(before) ? '' : ' ';
    putCursor(place + gap.length + text.length);
    props.onWrite(before + gap + text + after);
    editor.current?.focus();
  };
  return (
    <li className="jp-TinyTorch-question">
      <Markdown markdown={question.prompt} rendermime={props.rendermime} />
      <div className="jp-TinyTorch-answerHead">
        <label className="jp-TinyTorch-answerLabel" htmlFor={id}>
          {trans.__('Your answer to question %1', number)}
        </label>
        <button
          type="button"
          className="jp-TinyTorch-link"
          aria-pressed={previewed}
          aria-label={trans.__('Preview answer %1', number)}
          onClick={() => {
            preview(!previewed);
          }}
        >
          {previewed ? trans.__('Edit') : trans.__('Preview')}
        </button>
      </div>
      {previewed && (
        <div
          className="jp-TinyTorch-preview"
          role="region"
          aria-label={trans.__('Answer %1 as it will look', number)}
        >
          <Markdown
            markdown={question.answer || trans.__('*Nothing written yet.*')}
            rendermime={props.rendermime}
          />
        </div>
      )}
      <textarea
        ref={editor}
        id={id}
        className="jp-TinyTorch-answer"
        hidden={previewed}
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
      {!props.readOnly && !previewed && (
        <InsertMeasurement
          number={number}
          measurements={props.measurements}
          onInsert={insert}
          trans={trans}
        />
      )}
    </li>
  );
}
