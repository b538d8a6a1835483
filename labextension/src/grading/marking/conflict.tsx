import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Mark } from '../../api/courseTypes';
import { moment, pointsLabel } from '../overview/labels';
import type { AnswerModel } from './answer';

/** Show both marks and let the grader say which one stands; both are kept in the history either way. */
export async function showConflict(
  answer: AnswerModel,
  trans: TranslationBundle
): Promise<void> {
  const { conflict } = answer;
  if (conflict === null) {
    return;
  }
  const { mine, theirs } = conflict;
  const { button } = await showDialog({
    title: trans.__('Two marks for one answer'),
    body: (
      <div className="jp-TinyTorch-conflict">
        <MarkColumn mark={theirs} trans={trans} />
        <MarkColumn mark={mine} trans={trans} />
      </div>
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Decide later') }),
      Dialog.okButton({
        label: trans.__('Let %1’s stand', theirs.author),
        actions: ['theirs']
      }),
      Dialog.okButton({
        label: trans.__('Let %1’s stand', mine.author),
        actions: ['mine']
      })
    ],
    defaultButton: 0
  });
  const [choice] = button.actions;
  if (choice === 'mine' || choice === 'theirs') {
    await answer.decide(choice);
  }
}

function MarkColumn(props: {
  mark: Mark;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { mark, trans } = props;
  return (
    <section>
      <h3>{mark.author}</h3>
      <p>
        {pointsLabel(mark.points ?? 0, trans)}, {mark.level}
        <br />
        {moment(mark.at)}
      </p>
      {mark.criteria.length > 0 && (
        <ul>
          {mark.criteria.map(criterion => (
            <li key={criterion}>{criterion}</li>
          ))}
        </ul>
      )}
      <p className="jp-TinyTorch-text">{mark.comment}</p>
    </section>
  );
}
