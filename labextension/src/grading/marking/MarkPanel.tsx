import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import React, { type ReactNode } from 'react';

import type { Level } from '../../api/courseTypes';
import { Notice } from '../../components/Notice';
import { formatPoints } from '../../units';
import { Key } from '../components/Key';
import { useChanges } from '../components/useChanges';
import { moment, pointsLabel } from '../overview/labels';
import type { AnswerModel, SaveState } from './answer';
import type { CommentBank } from './bank';
import { CommentBox } from './CommentBox';
import { showConflict } from './conflict';
import { LEVEL_KEYS, type MarkingAction } from './keys';
import { levelOf } from './points';

interface IMarkPanelProps {
  answer: AnswerModel;
  bank: CommentBank;
  rendermime: IRenderMimeRegistry;
  act: (action: MarkingAction) => void;
  trans: TranslationBundle;
  /** What else stands in the column of the comment. */
  children?: ReactNode;
}

/** The mark scheme as levels and criteria to click on, the points, and the comment. */
export function MarkPanel(props: IMarkPanelProps): React.JSX.Element {
  const { act, answer, bank, children, rendermime, trans } = props;
  useChanges(answer.changed);
  const { draft, view } = answer;
  const { scheme } = view;
  const reached = levelOf(scheme, draft.points);
  return (
    <section className="jp-TinyTorch-mark" aria-label={trans.__('Mark')}>
      <div>
        <div className="jp-TinyTorch-points">
          <label>
            {trans.__('Points')}{' '}
            <input
              type="number"
              min={0}
              max={scheme.total}
              step={0.5}
              value={draft.points ?? ''}
              onChange={event => {
                const { value } = event.target;
                answer.setPoints(value === '' ? null : Number(value));
              }}
            />
          </label>
          <span>{trans.__('of %1', formatPoints(scheme.total))}</span>
          <SavedState answer={answer} trans={trans} />
        </div>
        {answer.error && (
          <Notice message={answer.error.message} trans={trans} />
        )}
        {answer.conflict && (
          <div className="jp-TinyTorch-notice" role="alert">
            <p>
              {trans.__(
                '%1 gave %2, %3 gave %4. One mark has to stand.',
                answer.conflict.theirs.author,
                pointsLabel(answer.conflict.theirs.points ?? 0, trans),
                answer.conflict.mine.author,
                formatPoints(answer.conflict.mine.points ?? 0)
              )}
            </p>
            <button
              type="button"
              className="jp-TinyTorch-button"
              onClick={() => void showConflict(answer, trans)}
            >
              {trans.__('Decide…')}
            </button>
          </div>
        )}
        <ol
          className="jp-TinyTorch-levels"
          aria-label={trans.__('Levels of the mark scheme')}
        >
          {scheme.levels.map((level, place) => (
            <LevelItem
              key={level.label}
              answer={answer}
              level={level}
              hotkey={LEVEL_KEYS[place]}
              isReached={level === reached}
              trans={trans}
            />
          ))}
        </ol>
      </div>
      <div>
        <CommentBox
          answer={answer}
          bank={bank}
          rendermime={rendermime}
          trans={trans}
        />
        <div className="jp-TinyTorch-buttons">
          <button
            type="button"
            className="jp-TinyTorch-button"
            aria-pressed={view.flag !== null}
            onClick={() => {
              act('flag');
            }}
          >
            {view.flag === null
              ? trans.__('Flag for another look')
              : trans.__('Take the flag off')}{' '}
            <Key name="l" />
          </button>
          <button
            type="button"
            className="jp-TinyTorch-button"
            aria-disabled={answer.state === 'unmarked'}
            onClick={() => {
              act('undo');
            }}
          >
            {trans.__('Undo')} <Key name="u" />
          </button>
        </div>
        {view.flag && (
          <p className="jp-TinyTorch-hint">{trans.__('Flag: %1', view.flag)}</p>
        )}
        <History answer={answer} trans={trans} />
        {children}
      </div>
    </section>
  );
}

function LevelItem(props: {
  answer: AnswerModel;
  level: Level;
  hotkey: string | undefined;
  isReached: boolean;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { answer, hotkey, isReached, level, trans } = props;
  const { low, high } = level;
  const range =
    low === high
      ? pointsLabel(low, trans)
      : trans.__('%1–%2 points', formatPoints(low), formatPoints(high));
  return (
    <li className={isReached ? 'jp-mod-reached' : ''}>
      <button
        type="button"
        className="jp-TinyTorch-level"
        aria-pressed={isReached}
        onClick={() => {
          answer.setPoints(high);
        }}
      >
        <span>{level.label}</span>
        <span>{range}</span>
        {hotkey && <Key name={hotkey} />}
      </button>
      <ul>
        {level.criteria.map(criterion => (
          <li key={criterion}>
            <label>
              <input
                type="checkbox"
                checked={answer.draft.criteria.includes(criterion)}
                onChange={() => {
                  answer.toggleCriterion(criterion);
                }}
              />{' '}
              {criterion}
            </label>
          </li>
        ))}
      </ul>
    </li>
  );
}

function SavedState(props: {
  answer: AnswerModel;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { answer, trans } = props;
  const labels: Record<SaveState, string> = {
    unmarked: trans.__('Not marked'),
    incomplete: trans.__('Kept as a draft here; points are missing'),
    outdated: trans.__('Kept as a draft here; decide again for the new text'),
    unsaved: trans.__('Not saved yet'),
    saving: trans.__('Saving…'),
    saved: trans.__('Saved'),
    conflict: trans.__('Two marks'),
    failed: trans.__('Could not be saved; kept as a draft here')
  };
  return (
    <span
      className={`jp-TinyTorch-saved jp-mod-${answer.state}`}
      role="status"
      data-state={answer.state}
    >
      {labels[answer.state]}
    </span>
  );
}

/** Who marked what: everything that was ever given. */
function History(props: {
  answer: AnswerModel;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { answer, trans } = props;
  const { history } = answer.view;
  if (history.length === 0) {
    return null;
  }
  return (
    <details className="jp-TinyTorch-history">
      <summary>
        {trans._n('%1 mark so far', '%1 marks so far', history.length)}
      </summary>
      <ol>
        {history.map(mark => (
          <li key={mark.id}>
            {mark.points === null
              ? trans.__('%1 took it back', mark.author)
              : trans.__(
                  '%1: %2',
                  mark.author,
                  pointsLabel(mark.points, trans)
                )}
            {', '}
            {moment(mark.at)}
            {!mark.standing && ` (${trans.__('does not stand')})`}
          </li>
        ))}
      </ol>
    </details>
  );
}
