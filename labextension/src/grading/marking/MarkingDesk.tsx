import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useEffect, useMemo, useRef, useState } from 'react';

import { EmptyState } from '../../components/EmptyState';
import { Notice } from '../../components/Notice';
import { Drift } from '../calibration/Drift';
import { useChanges } from '../components/useChanges';
import { Loadable } from '../loadable';
import type { GradingModel } from '../model';
import type { AnswerModel } from './answer';
import { AnswerPanel } from './AnswerPanel';
import { CommentBank } from './bank';
import { showConflict } from './conflict';
import { KeyHelp } from './KeyHelp';
import { isField, type MarkingAction, meaningOf, takesKeys } from './keys';
import { MarkPanel } from './MarkPanel';
import { TypedPoints } from './points';
import { ProgressPanel } from './ProgressPanel';
import { QueueBar } from './QueueBar';
import type { MarkingSession } from './session';

/** What the parts of the marking page are made from. */
export interface IMarkingProps {
  model: GradingModel;
  session: MarkingSession;
  trans: TranslationBundle;
}

/** The answer on the left, its mark on the right, and hands on the keyboard. */
export function MarkingDesk(props: IMarkingProps): React.JSX.Element {
  const { model, session, trans } = props;
  const { api } = model;
  useChanges(session.changed);
  const desk = useRef<HTMLDivElement>(null);
  const [isHelpShown, setHelpShown] = useState(false);
  const [isContextShown, setContextShown] = useState(false);
  const bank = useMemo(
    () => new CommentBank(api, session.place),
    [api, session]
  );
  const pace = useMemo(
    () => new Loadable(() => api.pace(session.place)),
    [api, session]
  );
  useConflicts(session, trans);
  const { answer } = session;
  useChanges(bank.changed);
  useChanges(pace.changed);
  useFocus(desk, answer, [
    answer?.conflict,
    isContextShown,
    bank.value,
    pace.value
  ]);
  const act = useActions(session, desk, {
    context: () => {
      setContextShown(shown => !shown);
    },
    help: () => {
      setHelpShown(shown => !shown);
    }
  });
  return (
    // Keys work wherever the focus is inside; every one of them has a button too.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      className="jp-TinyTorch-desk"
      data-response={session.place.response}
      role="group"
      aria-label={trans.__('Marking; press ? for the keys')}
      tabIndex={-1}
      ref={desk}
      onKeyDown={act.onKeyDown}
    >
      {session.error && (
        <Notice
          message={session.error.message}
          onRetry={() => void session.load()}
          trans={trans}
        />
      )}
      <QueueBar session={session} act={act.act} trans={trans} />
      <Drift model={model} place={session.place} trans={trans} />
      {isHelpShown && <KeyHelp trans={trans} />}
      {session.queue?.length === 0 && (
        <EmptyState
          message={
            session.isShare
              ? trans.__('Nothing of this question falls to you.')
              : trans.__('Nobody has answered this question yet.')
          }
        />
      )}
      {answer && (
        <div className="jp-TinyTorch-deskColumns">
          <AnswerPanel
            key={answer.place.key}
            model={model}
            answer={answer}
            isContextShown={isContextShown}
            onToggleContext={() => {
              act.act('context');
            }}
            trans={trans}
          />
          <MarkPanel
            answer={answer}
            bank={bank}
            rendermime={model.rendermime}
            act={act.act}
            trans={trans}
          >
            <ProgressPanel
              model={model}
              session={session}
              pace={pace}
              trans={trans}
            />
          </MarkPanel>
        </div>
      )}
    </div>
  );
}

/** Keys are dead while nothing on the desk has the focus; what had it may be gone when one of `parts` changes. */
function useFocus(
  desk: React.RefObject<HTMLDivElement>,
  answer: AnswerModel | null,
  parts: readonly unknown[]
): void {
  const isThere = answer !== null;
  useEffect(() => {
    if (isThere && !isField(document.activeElement)) {
      desk.current?.focus({ preventScroll: true });
    }
  }, [desk, isThere]);
  useEffect(() => {
    if (document.activeElement === document.body) {
      desk.current?.focus({ preventScroll: true });
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [desk, answer, ...parts]);
}

/** Ask which mark stands as soon as two meet. */
function useConflicts(session: MarkingSession, trans: TranslationBundle): void {
  useEffect(() => {
    const slot = (_: MarkingSession, answer: AnswerModel): void =>
      void showConflict(answer, trans);
    session.conflicted.connect(slot);
    return () => {
      session.conflicted.disconnect(slot);
    };
  }, [session, trans]);
}

function useActions(
  session: MarkingSession,
  desk: React.RefObject<HTMLDivElement>,
  toggles: Record<'context' | 'help', () => void>
): {
  act: (action: MarkingAction) => void;
  onKeyDown: (event: React.KeyboardEvent) => void;
} {
  const typed = useMemo(() => new TypedPoints(), []);
  const focus = (selector: string): void => {
    desk.current?.querySelector<HTMLElement>(selector)?.focus();
  };
  const actions: Record<MarkingAction, () => void> = {
    next: () => void session.go(1),
    previous: () => void session.go(-1),
    skip: () => void session.skip(),
    flag: () => void session.answer?.toggleFlag(),
    undo: () => void session.answer?.undo(),
    comment: () => {
      focus('.jp-TinyTorch-comment textarea');
    },
    search: () => {
      focus('.jp-TinyTorch-bank input');
    },
    ...toggles
  };
  const act = (action: MarkingAction): void => {
    typed.clear();
    actions[action]();
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (takesKeys(event.target, event.key)) {
      const isDone = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
      if (event.key === 'Escape' || isDone) {
        event.preventDefault();
        desk.current?.focus({ preventScroll: true });
      }
      if (isDone) {
        act('next');
      }
      return;
    }
    const meaning = meaningOf(event);
    const { answer } = session;
    if (meaning === null || answer === null) {
      return;
    }
    // Digits and letters must not reach JupyterLab's own shortcuts.
    event.preventDefault();
    event.stopPropagation();
    const { scheme } = answer.view;
    if (meaning.kind === 'action') {
      act(meaning.action);
    } else if (meaning.kind === 'points') {
      answer.setPoints(
        typed.type(meaning.key, scheme.total) ?? answer.draft.points
      );
    } else {
      const level = scheme.levels[meaning.place];
      if (level) {
        answer.setPoints(level.high);
      }
    }
  };
  return { act, onKeyDown };
}
