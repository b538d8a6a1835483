import React, { useEffect, useMemo } from 'react';

import { QuestionPicker } from '../components/Picker';
import { useChanges } from '../components/useChanges';
import type { IPageProps } from '../GradingView';
import { Drafts } from './drafts';
import { MarkingDesk } from './MarkingDesk';
import { MarkingSession } from './session';

/** Marking: one question at a time, answer after answer. */
export function MarkingPage({ model, trans }: IPageProps): React.JSX.Element {
  const { api, choice, modules } = model;
  useChanges(choice.changed);
  useChanges(modules.changed);
  const module = choice.place?.module;
  const response = choice.place?.response;
  const { me } = model;
  const session = useMemo(
    () =>
      module && response && me
        ? new MarkingSession(
            { module, response },
            me,
            api,
            new Drafts(window.localStorage, api.course, me)
          )
        : null,
    [api, me, module, response]
  );
  useEffect(() => {
    void session?.load();
    return () => {
      session?.dispose();
    };
  }, [session]);
  useEffect(
    () => () => {
      void choice.refresh();
    },
    [choice]
  );
  return (
    <>
      <div className="jp-TinyTorch-filters">
        <QuestionPicker model={model} trans={trans} />
      </div>
      {session && (
        <MarkingDesk
          key={`${module} ${response}`}
          model={model}
          session={session}
          trans={trans}
        />
      )}
    </>
  );
}
