import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useState } from 'react';

import type { KeptComment } from '../../api/courseTypes';
import { Notice } from '../../components/Notice';
import { Markdown } from '../../components/Markdown';
import { confirm } from '../../components/confirm';
import { Key } from '../components/Key';
import { useChanges } from '../components/useChanges';
import type { AnswerModel } from './answer';
import type { CommentBank } from './bank';

/** What the student is told in words, with sentences to take from the bank and a preview of the Markdown. */
export function CommentBox(props: {
  answer: AnswerModel;
  bank: CommentBank;
  rendermime: IRenderMimeRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { answer, bank, rendermime, trans } = props;
  const [isPreview, setPreview] = useState(false);
  const { comment } = answer.draft;
  const isKept = bank.value?.some(({ text }) => text === comment.trim());
  return (
    <div className="jp-TinyTorch-comment">
      <label htmlFor="jp-TinyTorch-commentText">
        {trans.__('Comment')} <Key name="c" />
      </label>
      <textarea
        id="jp-TinyTorch-commentText"
        rows={4}
        value={comment}
        placeholder={trans.__('Markdown')}
        onChange={event => {
          answer.setComment(event.target.value);
        }}
      />
      <div className="jp-TinyTorch-buttons">
        <button
          type="button"
          className="jp-TinyTorch-button"
          aria-pressed={isPreview}
          onClick={() => {
            setPreview(!isPreview);
          }}
        >
          {trans.__('Preview')}
        </button>
        <button
          type="button"
          className="jp-TinyTorch-button"
          aria-disabled={comment.trim() === '' || isKept}
          onClick={() => {
            if (comment.trim() !== '' && !isKept) {
              void bank.keep(comment.trim());
            }
          }}
        >
          {trans.__('Keep for reuse')}
        </button>
      </div>
      {isPreview && comment.trim() !== '' && (
        <div className="jp-TinyTorch-preview">
          <Markdown markdown={comment} rendermime={rendermime} />
        </div>
      )}
      <Bank answer={answer} bank={bank} trans={trans} />
    </div>
  );
}

function Bank(props: {
  answer: AnswerModel;
  bank: CommentBank;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { answer, bank, trans } = props;
  useChanges(bank.changed);
  const [text, setText] = useState('');
  useEffect(() => {
    void bank.ensure();
  }, [bank]);
  const found = bank.matching(text);
  const take = (chosen: string): void => {
    answer.addComment(chosen);
    setText('');
  };
  const forget = async (comment: KeptComment): Promise<void> => {
    const isSure = await confirm({
      title: trans.__('Forget this comment?'),
      body: trans.__(
        'No grader will find “%1” among the kept comments any more. In marks that say it, it stays.',
        comment.text
      ),
      action: trans.__('Forget')
    });
    if (isSure) {
      await bank.drop(comment.id);
    }
  };
  return (
    <div className="jp-TinyTorch-bank">
      {bank.error && <Notice message={bank.error.message} trans={trans} />}
      <label>
        {trans.__('Kept comments')} <Key name="/" />
        <input
          type="search"
          value={text}
          placeholder={trans.__('Search')}
          onChange={event => {
            setText(event.target.value);
          }}
          onKeyDown={event => {
            const [first] = found;
            if (event.key === 'Enter' && !event.ctrlKey && first) {
              event.preventDefault();
              take(first.text);
            }
          }}
        />
      </label>
      <ul aria-label={trans.__('Kept comments')}>
        {found.map(comment => (
          <li key={comment.id}>
            <button
              type="button"
              className="jp-TinyTorch-bankItem"
              title={trans.__('Kept by %1', comment.author)}
              onClick={() => {
                take(comment.text);
              }}
            >
              {comment.text}
            </button>
            <span className="jp-TinyTorch-hint">
              {trans._n('used once', 'used %1 times', comment.uses)}
            </span>
            <button
              type="button"
              className="jp-TinyTorch-iconButton"
              aria-label={trans.__('Forget “%1”', comment.text)}
              onClick={() => void forget(comment)}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
